"""Threads, the plan cache, the environment's variables and plans' own arguments: what they take and what they refuse."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import longwing
import longwing.testing
import numpy as np
import pytest


@pytest.fixture(autouse=True)
def _settings() -> Any:
    threads, limit = longwing.get_num_threads(), longwing.plan_cache_info()["limit"]
    longwing.clear_plan_cache()
    yield
    longwing.set_num_threads(threads)
    longwing.set_plan_cache_limit(limit)
    longwing.clear_plan_cache()


class Index:
    def __index__(self) -> int:
        return 3


@pytest.mark.parametrize("count", [1, 2, 1024, np.int64(3), Index()])
def test_set_num_threads_takes_integers(count: Any) -> None:
    longwing.set_num_threads(count)
    assert longwing.get_num_threads() == int(count.__index__())
    assert longwing.info()["threads"] == longwing.get_num_threads()


@pytest.mark.parametrize(
    ("count", "error"),
    [
        (0, longwing.LongwingValueError),
        (-1, longwing.LongwingValueError),
        (1025, longwing.LongwingValueError),
        (2**40, longwing.LongwingValueError),
        (-(2**40), longwing.LongwingValueError),
        (2**70, longwing.LongwingValueError),
        (1.0, longwing.LongwingTypeError),
        (True, longwing.LongwingTypeError),
        ("2", longwing.LongwingTypeError),
        (None, longwing.LongwingTypeError),
    ],
)
def test_set_num_threads_refuses_the_rest_and_changes_nothing(count: Any, error: type[Exception]) -> None:
    before = longwing.get_num_threads()
    with pytest.raises(error, match="count"):
        longwing.set_num_threads(count)
    assert longwing.get_num_threads() == before


def fill(lengths: range) -> None:
    for length in lengths:
        longwing.plan(length=length, filter_length=length, channels=1)


def test_equal_plans_are_made_once() -> None:
    fill(range(1000, 1010))
    fill(range(1000, 1010))
    info = longwing.plan_cache_info()
    assert (info["plans"], info["misses"], info["hits"]) == (10, 10, 10)
    assert info["bytes"] > 0


def test_the_limit_drops_the_least_recently_used_plan_first() -> None:
    fill(range(1000, 1001))
    one = longwing.plan_cache_info()["bytes"]
    longwing.set_plan_cache_limit(int(4.5 * one))
    fill(range(1001, 1003))
    fill(range(1000, 1001))  # used again: the next one dropped is 1001
    fill(range(1003, 1005))
    info = longwing.plan_cache_info()
    assert info["bytes"] <= info["limit"]
    assert 2 <= info["plans"] <= 4
    fill(range(1000, 1001))
    assert longwing.plan_cache_info()["hits"] == info["hits"] + 1
    fill(range(1001, 1002))
    assert longwing.plan_cache_info()["misses"] == info["misses"] + 1


def test_a_smaller_limit_takes_effect_at_once_and_zero_keeps_none() -> None:
    fill(range(1000, 1010))
    held = longwing.plan_cache_info()["bytes"]
    previous = longwing.set_plan_cache_limit(held // 2)
    assert longwing.set_plan_cache_limit(previous) == held // 2
    assert 0 < longwing.plan_cache_info()["bytes"] <= held // 2
    longwing.set_plan_cache_limit(0)
    fill(range(1000, 1010))
    assert longwing.plan_cache_info()["plans"] == longwing.plan_cache_info()["bytes"] == 0
    u = np.arange(9, dtype="float32")[None]
    assert np.allclose(longwing.long_conv(u, np.ones((1, 1), "float32")), u)


def test_plans_and_spectra_outlive_the_cache() -> None:
    u, k = np.ones((2, 3000), "float32"), np.ones((2, 3000), "float32")
    plan = longwing.plan(length=3000, filter_length=3000, channels=2)
    spectrum = plan.spectrum(k)
    expected = plan.forward(u, spectrum)
    longwing.clear_plan_cache()
    again = longwing.plan(length=3000, filter_length=3000, channels=2)
    assert np.array_equal(plan.forward(u, spectrum), expected)
    assert np.array_equal(again.forward(u, spectrum), expected)
    del plan, again
    longwing.clear_plan_cache()
    assert spectrum.nbytes > 0


@pytest.mark.parametrize(
    ("limit", "error"),
    [
        (-1, longwing.LongwingValueError),
        (2**70, longwing.LongwingValueError),
        (1e6, longwing.LongwingTypeError),
        ("1", longwing.LongwingTypeError),
        (True, longwing.LongwingTypeError),
    ],
)
def test_a_wrong_cache_limit_is_refused(limit: Any, error: type[Exception]) -> None:
    before = longwing.plan_cache_info()["limit"]
    with pytest.raises(error):
        longwing.set_plan_cache_limit(limit)
    assert longwing.plan_cache_info()["limit"] == before


GOOD = {"length": 16, "filter_length": 16, "channels": 4}


@pytest.mark.parametrize(
    ("arguments", "error", "word"),
    [
        ({"length": 0}, longwing.LongwingValueError, "length"),
        ({"length": -5}, longwing.LongwingValueError, "length"),
        ({"length": 2**62}, longwing.LongwingValueError, "length"),
        ({"length": 2**80}, longwing.LongwingValueError, "length"),
        ({"length": 16.0}, longwing.LongwingTypeError, "length"),
        ({"filter_length": 0}, longwing.LongwingValueError, "filter_length"),
        ({"channels": 0}, longwing.LongwingValueError, "channels"),
        ({"groups": 3}, longwing.LongwingValueError, "groups"),
        ({"groups": 0}, longwing.LongwingValueError, "groups"),
        ({"groups": 8}, longwing.LongwingValueError, "groups"),
        ({"reverse_length": -1}, longwing.LongwingValueError, "reverse_length"),
        ({"reverse_length": 3, "mode": "full"}, longwing.LongwingValueError, r"reverse_filter \(reverse_length=3\)"),
        ({"mode": "Causal"}, longwing.LongwingValueError, "mode"),
        ({"mode": None}, longwing.LongwingTypeError, "mode"),
        ({"mode": "\ud800"}, longwing.LongwingTypeError, "mode"),
        ({"reverse_lag": "late"}, longwing.LongwingValueError, "reverse_lag"),
        ({"dtype": "int8"}, longwing.LongwingValueError, "dtype"),
        ({"dtype": np.int8}, longwing.LongwingTypeError, "dtype must be one of float32, float64, float16, bfloat16"),
        ({"dtype": np.dtype(">f4")}, longwing.LongwingTypeError, "dtype must be one of float32"),
        ({"dtype": float}, longwing.LongwingTypeError, "dtype must be one of float32"),
        ({"dtype": None}, longwing.LongwingTypeError, "dtype must be one of float32"),
        ({"device": "tpu"}, longwing.LongwingValueError, "device"),
        ({"device": "cuda:-1"}, longwing.LongwingValueError, "device"),
        ({"device": "cuda:"}, longwing.LongwingValueError, "device"),
        ({"device": 0}, longwing.LongwingTypeError, "device"),
    ],
)
def test_a_plan_refuses_wrong_arguments_by_name(arguments: Any, error: type[Exception], word: str) -> None:
    with pytest.raises(error, match=word):
        longwing.plan(**{**GOOD, **arguments})


@pytest.mark.parametrize("dtype", [np.float16, np.dtype("float64"), np.float32, np.ones(1, "f").dtype])
def test_a_plan_takes_dtypes_of_numpy(dtype: Any) -> None:
    name = np.dtype(dtype).name
    assert longwing.plan(**{**GOOD, "dtype": dtype}).dtype == name
    assert longwing.testing.tolerance(dtype, 8) == longwing.testing.tolerance(name, 8)


@pytest.mark.parametrize("name", ["float32", "float64", "float16", "bfloat16"])
@pytest.mark.parametrize("library", ["torch", "ml_dtypes", "jax.numpy"])
def test_a_plan_takes_dtypes_of_other_libraries(library: str, name: str) -> None:
    dtype = getattr(pytest.importorskip(library), name, None)
    if dtype is None:
        pytest.skip(f"{library} has no {name}")
    assert longwing.plan(**{**GOOD, "dtype": dtype}).dtype == name
    assert longwing.testing.tolerance(dtype, 8) == longwing.testing.tolerance(name, 8)


@pytest.mark.parametrize("wanted", [["k", "u"], ("u", "k"), []])
def test_wanted_is_any_sequence_of_names(wanted: Any) -> None:
    plan, u, k = longwing.plan(**GOOD), np.ones((2, 4, 16), "float32"), np.ones((4, 16), "float32")
    gradients = plan.backward(u, u, plan.spectrum(k), wanted=wanted)
    assert {name for name, value in gradients._asdict().items() if value is not None} == set(wanted)


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        ("k", longwing.LongwingTypeError),
        (1, longwing.LongwingTypeError),
        ({"k"}, longwing.LongwingTypeError),
        (["z"], longwing.LongwingValueError),
    ],
)
def test_a_wrong_wanted_is_refused(wanted: Any, error: type[Exception]) -> None:
    plan, u, k = longwing.plan(**GOOD), np.ones((2, 4, 16), "float32"), np.ones((4, 16), "float32")
    with pytest.raises(error, match="wanted must"):
        plan.backward(u, u, plan.spectrum(k), wanted=wanted)


def test_a_plan_that_no_memory_holds_is_refused_at_once() -> None:
    with pytest.raises(longwing.LongwingRuntimeError, match=r"out of memory: \d+ bytes"):
        longwing.plan(length=2**47, filter_length=2**47, channels=1)


@pytest.mark.parametrize(("batch", "error"), [(-1, ValueError), (1.5, TypeError), ("1", TypeError)])
def test_workspace_bytes_refuses_a_wrong_batch(batch: Any, error: type[Exception]) -> None:
    with pytest.raises(longwing.LongwingError, match="batch") as caught:
        longwing.plan(**GOOD).workspace_bytes(batch)
    assert isinstance(caught.value, error)


def test_a_plan_tells_what_it_was_made_for() -> None:
    sizes = {"length": 20, "filter_length": 30, "channels": 4, "groups": 2, "reverse_length": 5}
    plan = longwing.plan(**sizes, mode="circular", dtype="float64")
    told = (plan.length, plan.filter_length, plan.channels, plan.groups, plan.reverse_length, plan.output_length)
    assert told == (20, 30, 4, 2, 5, 20)
    assert (plan.mode, plan.reverse_lag, plan.dtype, plan.device) == ("circular", "shifted", "float64", "cpu")
    assert "length=20" in repr(plan)
    spectrum = plan.spectrum(np.ones((3, 2, 30), "float16"), np.ones((3, 2, 5)), filter_bank=True)
    assert (spectrum.kind, spectrum.filters, spectrum.dtype) == ("bank", 3, "float16")


@pytest.mark.parametrize(
    ("k", "reverse", "bank", "word"),
    [
        (np.ones((4, 15), "float32"), None, False, "k must have shape"),
        (np.ones((3, 16), "float32"), None, False, "k must have shape"),
        (np.ones(16, "float32"), None, False, "k must have rank"),
        (np.ones((4, 16), "float32"), None, True, "k must have rank"),
        (np.ones((4, 16), "float32"), np.ones((4, 3), "float32"), False, "reverse_filter"),
    ],
)
def test_a_spectrum_refuses_wrong_filters_by_name(k: Any, reverse: Any, bank: bool, word: str) -> None:
    with pytest.raises(longwing.LongwingValueError, match=word):
        longwing.plan(**GOOD).spectrum(k, reverse, filter_bank=bank)


CALL = """
import sys, numpy, longwing
for attempt in range(2):
    try:
        longwing.long_conv(numpy.ones((1, 9), "f4"), numpy.ones((1, 9), "f4"))
    except longwing.LongwingValueError as error:
        print(error)
print(sys.argv)
"""


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        *(("LONGWING_NUM_THREADS", v) for v in ("0", "-1", "1025", "two", "1.5", " ", "2x", "99999999999999999999")),
        *(("LONGWING_ISA", v) for v in ("mmx", "AVX2", " base", "base,avx2")),
    ],
)
def test_a_wrong_variable_is_an_error_of_every_call(variable: str, value: str) -> None:
    environment = {**os.environ, variable: value}
    done = subprocess.run([sys.executable, "-c", CALL], env=environment, capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert len(lines) == 3, done.stdout
    assert all(line.startswith(f"{variable} must be ") and line.endswith(f"got {value}") for line in lines[:2])


@pytest.mark.parametrize(
    ("variables", "key", "value"),
    [
        ({"LONGWING_NUM_THREADS": "3"}, "threads", 3),
        ({"LONGWING_NUM_THREADS": ""}, "threads", None),
        ({"LONGWING_ISA": ""}, "isa", None),
        ({"LONGWING_ISA": longwing.info()["available_isas"][0]}, "isa", longwing.info()["available_isas"][0]),
    ],
)
def test_variables_are_read_and_empty_ones_are_the_default(variables: dict[str, str], key: str, value: Any) -> None:
    def told(environment: dict[str, str]) -> str:
        code = f"import longwing; print(longwing.info()[{key!r}])"
        command = [sys.executable, "-c", code]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip()

    bare = {name: v for name, v in os.environ.items() if not name.startswith("LONGWING_")}
    assert told({**bare, **variables}) == (told(bare) if value is None else str(value))


@pytest.mark.parametrize("module", ["longwing", "longwing.cli", "longwing.plan", "longwing.runtime"])
def test_importing_pulls_in_no_array_library(module: str) -> None:
    code = (
        f"import sys, {module}; "
        "print(sorted({'numpy', 'torch', 'scipy', 'jax', 'array_api_strict', 'typing_extensions'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_every_error_is_also_the_builtin_one() -> None:
    kinds = {"LongwingValueError": ValueError, "LongwingTypeError": TypeError, "LongwingRuntimeError": RuntimeError}
    for name, builtin in kinds.items():
        assert issubclass(getattr(longwing, name), longwing.LongwingError)
        assert issubclass(getattr(longwing, name), builtin)
    assert not issubclass(longwing.LongwingError, (ValueError, TypeError, RuntimeError))
