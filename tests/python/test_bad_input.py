"""Bad input is a longwing error that is also the builtin's, and names the argument."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import longwing
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from longwing import testing

U, K = np.ones((2, 4, 16), "float32"), np.ones((4, 16), "float32")
READ_ONLY = np.empty_like(U)
READ_ONLY.flags.writeable = False


@pytest.mark.parametrize(
    ("u", "k", "options", "error", "word"),
    [
        (U[0, 0], K, {}, ValueError, "u"),
        (U, K[0], {}, ValueError, "k"),
        (U, np.ones((1, 1, 1, 3), "float32"), {}, ValueError, "k"),
        (U, K[:, :0], {}, ValueError, "k"),
        (U, K[:3], {}, ValueError, "k"),
        (U, np.ones((3, 4, 5), "float32"), {}, ValueError, "u"),
        (U, K, {"mode": "reflect"}, ValueError, "mode"),
        (U, K, {"activation": "relu"}, ValueError, "activation"),
        (U, K, {"activation": 0}, TypeError, "activation must be a string or None"),
        (np.ones((1,) * 16, "float32"), K[None, :1], {"filter_bank": True}, ValueError, "out must have at most 16"),
        (U, K, {"mode": "full", "skip": np.ones(4, "float32")}, ValueError, "skip"),
        (U, K, {"mode": "full", "reverse_filter": K}, ValueError, "reverse_filter (reverse_length=16) is supported in"),
        (U, K, {"skip": np.ones(3, "float32")}, ValueError, "skip"),
        (U, K, {"pre_gate": U[:1]}, ValueError, "pre_gate"),
        (U, K, {"post_gate": U.astype("float64")}, TypeError, "post_gate"),
        (U.astype("int32"), K, {}, TypeError, "int32"),
        (U.astype("complex64"), K, {}, TypeError, "complex"),
        (U, K, {"out": np.empty((2, 4, 15), "float32")}, ValueError, "out"),
        (U, K, {"out": np.empty((2, 4, 16), "float64")}, TypeError, "out"),
        (U, K, {"out": READ_ONLY}, TypeError, "out"),
        (U, K, {"out": U}, ValueError, "out"),
        (np.broadcast_to(np.ones((), "float32"), (2**40, 2**20, 1)), np.ones((1, 1), "float32"), {}, Exception, ""),
        (U.astype(">f4"), K, {}, Exception, "u"),
        ([[1.0]], K, {}, TypeError, "u"),
    ],
)
def test_named_errors(u: Any, k: Any, options: dict[str, Any], error: type[Exception], word: str) -> None:
    with pytest.raises(longwing.LongwingError) as caught:
        longwing.long_conv(u, k, **options)
    assert isinstance(caught.value, error)
    assert word in str(caught.value)


def test_numpys_bfloat16_is_refused_by_name() -> None:
    u = U.astype(pytest.importorskip("ml_dtypes").bfloat16)
    with pytest.raises(longwing.LongwingTypeError, match=r"u: .*ndarray can't export this array"):
        longwing.long_conv(u, K)


def test_spectrum_of_another_plan() -> None:
    plan = longwing.plan(length=16, filter_length=16, channels=4)
    other = longwing.plan(length=17, filter_length=16, channels=4)
    with pytest.raises(longwing.LongwingValueError, match="spectrum"):
        plan.forward(U, other.spectrum(K))


@given(
    st.lists(st.integers(0, 5), min_size=0, max_size=4),
    st.lists(st.integers(0, 5), min_size=0, max_size=4),
    st.sampled_from(["causal", "circular", "same", "full", "valid"]),
    st.sampled_from(["float32", "float64", "float16", "int64", "complex64"]),
    st.booleans(),
)
@settings(max_examples=300, deadline=None)
def test_odd_input(u_shape: list[int], k_shape: list[int], mode: Any, dtype: str, bank: bool) -> None:
    rng = np.random.default_rng(0)
    u, k = rng.standard_normal(u_shape).astype(dtype), rng.standard_normal(k_shape).astype("float32")
    try:
        y = longwing.long_conv(u, k, mode=mode, filter_bank=bank)
    except (longwing.LongwingValueError, longwing.LongwingTypeError):
        return
    expected = testing.reference(u, k, mode=mode, filter_bank=bank)
    np.testing.assert_allclose(y.astype("float64"), expected, rtol=0, atol=1e-2 if dtype == "float16" else 1e-5)


def test_import_is_light() -> None:
    code = "import sys, longwing; assert not {'numpy', 'torch', 'scipy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_plan_cache_is_bounded() -> None:
    before = longwing.set_plan_cache_limit(100_000)
    try:
        for length in range(1000, 1100):
            longwing.long_conv(np.ones((1, length), "float32"), np.ones((1, length), "float32"))
        assert longwing.plan_cache_info()["bytes"] <= 100_000
        longwing.clear_plan_cache()
        assert longwing.plan_cache_info()["plans"] == 0
    finally:
        longwing.set_plan_cache_limit(before)


@pytest.mark.parametrize(
    "spoil", [np.zeros_like, lambda y: np.roll(y, 1, axis=-1), lambda y: y[..., ::-1], lambda y: y * np.float32(1.0001)]
)
def test_the_oracle_rejects_wrong_results(spoil: Any) -> None:
    rng = np.random.default_rng(0)
    u, k = rng.standard_normal((1, 2, 300)).astype("float32"), rng.standard_normal((2, 300)).astype("float32")
    with pytest.raises(AssertionError):
        testing.assert_close(spoil(longwing.long_conv(u, k)), testing.reference(u, k), dtype="float32", n=300)
