"""scipy's own tests of the functions that longwing.scipy has, run against longwing.scipy.

The installed scipy's test module is executed afresh with our functions in the place of scipy's; nothing of it is kept here.
"""

from __future__ import annotations

import functools
import importlib.util
import inspect
import re
from collections import Counter
from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any
from unittest import mock

import pytest

# ruff: noqa: E402 - what is imported below depends on it
scipy = pytest.importorskip("scipy", reason="scipy is not installed")
if scipy.__version__ != "1.17.1":
    pytest.skip(f"these are the rules of scipy 1.17.1, installed is {scipy.__version__}", allow_module_level=True)
if importlib.util.find_spec("scipy.signal.tests") is None:
    pytest.skip("this scipy was installed without its tests", allow_module_level=True)

import longwing.scipy
import numpy as np
import scipy.signal
from scipy._lib._array_api import xp_capabilities_table

NAMES = tuple(longwing.scipy.__all__)
CALLS: Counter[str] = Counter()

RUN = (
    "TestAllFreqConvolves",
    "TestConvolve",
    "TestCorrelate",
    "TestCorrelateComplex",
    "TestCorrelateReal",
    "TestFFTConvolve",
    "TestOAConvolve",
    "test_choose_conv_method",
    "test_choose_conv_method_2",
    "test_convolve_longdtype_input",
    "test_correlation_lags",
)
"""Classes and functions of scipy's module to run as they are."""

PARTLY = ("TestConvolve2d", "TestCorrelate2d", "TestResample")
"""Classes about other functions: of these, the tests that call ours. There is no other exception."""


def counted(name: str) -> Callable[..., Any]:
    """Return our function, counting its calls, with the array libraries that scipy says its own one takes."""
    function = getattr(longwing.scipy, name)

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        CALLS[name] += 1
        return function(*args, **kwargs)

    xp_capabilities_table[wrapper] = xp_capabilities_table[getattr(scipy.signal, name)]
    return wrapper


def load() -> ModuleType:
    """Execute scipy's test module with our functions, and give it a scipy.signal of its own that has them."""
    spec = importlib.util.find_spec("scipy.signal.tests.test_signaltools")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    ours = {name: counted(name) for name in NAMES}
    with mock.patch.multiple(scipy.signal, **ours):
        spec.loader.exec_module(module)
    signal = ModuleType("scipy.signal")
    vars(signal).update(vars(scipy.signal) | ours)
    module.signal = signal
    return module


THEIRS = load()


def functions(item: Any) -> list[FunctionType]:
    """Return the functions that a test class or function consists of."""
    return [f for f in vars(item).values() if isinstance(f, FunctionType)] if inspect.isclass(item) else [item]


def calls_ours(test: Any) -> bool:
    code = "".join(inspect.getsource(f) for f in functions(test))
    return bool(re.search(rf"(?<!np\.)\b({'|'.join(NAMES)})\b", code))


def part(name: str) -> Any:
    """Return scipy's class `name` without the tests that don't call ours."""
    item = getattr(THEIRS, name)
    for test in functions(item):
        if test.__name__.startswith("test") and not calls_ours(test):
            delattr(item, test.__name__)
    return item


globals().update({name: getattr(THEIRS, name) for name in RUN} | {name: part(name) for name in PARTLY})


@pytest.mark.parametrize("name", NAMES)
def test_module_under_test_has_our_function_everywhere(name: str) -> None:
    function = getattr(THEIRS, name)
    assert function is getattr(THEIRS.signal, name)
    assert function.__wrapped__ is getattr(longwing.scipy, name)
    assert getattr(scipy.signal, name) is not function


@pytest.mark.parametrize(
    ("name", "test", "args"),
    [
        ("convolve", "TestConvolve.test_basic", (np,)),
        ("correlate", "TestCorrelate.test_numpy_fastpath", (np,)),
        ("fftconvolve", "TestFFTConvolve.test_real", (None, np)),
        ("oaconvolve", "TestOAConvolve.test_single_element", (np,)),
        ("choose_conv_method", "test_choose_conv_method_2", (np,)),
    ],
)
def test_scipys_tests_call_ours_and_judge_it(
    name: str, test: str, args: tuple[Any, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def run() -> None:
        owner, _, method = test.rpartition(".")
        getattr(getattr(THEIRS, owner)() if owner else THEIRS, method)(*args)

    before = CALLS[name]
    run()
    assert CALLS[name] > before
    monkeypatch.setattr(THEIRS, name, lambda *args, **kwargs: np.zeros(1))
    with pytest.raises(AssertionError):
        run()


def test_parametrized_approaches_are_ours() -> None:
    approaches = [p.values[0] for m in THEIRS.TestAllFreqConvolves.pytestmark for p in m.args[1:2] for p in p]
    assert [a.__wrapped__ for a in approaches] == [longwing.scipy.fftconvolve, longwing.scipy.oaconvolve]


def test_no_test_of_our_functions_is_left_out() -> None:
    names = [n for n, item in vars(THEIRS).items() if n.lower().startswith("test") and item.__module__ == THEIRS.__name__]
    assert len(names) > len(RUN) + len(PARTLY)
    assert not [n for n in names if n not in RUN + PARTLY and calls_ours(getattr(THEIRS, n))]
