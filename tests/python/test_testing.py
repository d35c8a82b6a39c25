"""The oracle is held to sums written out one by one, and the comparison to what it must reject."""

from __future__ import annotations

import math
from typing import Any

import longwing
import numpy as np
import pytest
from longwing import testing

DTYPES = ["float32", "float64", "float16", "bfloat16"]


def draw(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).standard_normal(shape)


def one_by_one(u: Any, k: Any, reverse: Any, lag: int, mode: str) -> Any:
    """y[t] = sum of k[j]·u[t-j] and reverse[j]·u[t+j+lag], a row, in plain Python."""
    length, taps = len(u), len(k)
    start = {"same": (taps - 1) // 2, "valid": min(length, taps) - 1}.get(mode, 0)
    count = {"full": length + taps - 1, "valid": abs(length - taps) + 1}.get(mode, length)
    lags = [(j, k[j]) for j in range(taps)] + [(-(j + lag), r) for j, r in enumerate(reverse)]
    y = np.zeros(count)
    for t in range(count):
        for d, tap in lags:
            i = t + start - d
            if mode == "circular":
                y[t] += tap * u[i % length]
            elif 0 <= i < length:
                y[t] += tap * u[i]
    return y


@pytest.mark.parametrize("mode", ["causal", "circular", "same", "full", "valid"])
@pytest.mark.parametrize("taps", [1, 2, 5, 8, 9, 20])
@pytest.mark.parametrize("reverse_taps", [0, 1, 4, 11])
@pytest.mark.parametrize("reverse_lag", ["shifted", "overlapped"])
def test_the_reference_is_the_definition(mode: Any, taps: int, reverse_taps: int, reverse_lag: Any) -> None:
    if reverse_taps and mode not in ("causal", "circular"):
        with pytest.raises(longwing.LongwingValueError, match="reverse_filter"):
            testing.reference(draw(1, 8), draw(1, taps), reverse_filter=draw(1, 2), mode=mode)
        return
    u, k, reverse = draw(1, 8), draw(1, taps, seed=1), draw(1, max(reverse_taps, 1), seed=2)[:, :reverse_taps]
    y = testing.reference(u, k, mode=mode, reverse_filter=reverse if reverse_taps else None, reverse_lag=reverse_lag)
    expected = one_by_one(u[0], k[0], reverse[0], 1 if reverse_lag == "shifted" else 0, mode)
    np.testing.assert_allclose(y[0], expected, atol=1e-13)


def test_the_reference_computes_gates_skip_and_activation_in_their_order() -> None:
    u, k, skip, pre, post = draw(2, 9), draw(2, 4, seed=1), draw(2, seed=2), draw(2, 9, seed=3), draw(2, 9, seed=4)
    inner = testing.reference(pre * u, k) + skip[:, None] * pre * u
    y = testing.reference(u, k, skip=skip, pre_gate=pre, post_gate=post, activation="gelu")
    gelu = np.vectorize(lambda z: z * 0.5 * (1 + math.erf(z / math.sqrt(2))))
    np.testing.assert_allclose(y, post * gelu(inner), rtol=1e-13, atol=1e-15)
    y = testing.reference(u, k, skip=skip, pre_gate=pre, post_gate=post, activation="silu")
    np.testing.assert_allclose(y, post * inner / (1 + np.exp(-inner)), rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("mode", ["causal", "circular", "same"])
@pytest.mark.parametrize("activation", [None, "gelu", "silu"])
def test_reference_gradients_are_differences_of_the_reference(mode: Any, activation: Any) -> None:
    arrays = {"u": draw(2, 2, 6), "k": draw(1, 4, seed=1), "skip": draw(2, seed=2), "pre_gate": draw(2, 2, 6, seed=3)}
    arrays["post_gate"] = draw(2, 2, 6, seed=4)
    if mode != "same":
        arrays["reverse_filter"] = draw(1, 3, seed=5)
    options = {"mode": mode, "activation": activation}
    dy = draw(2, 2, 6, seed=6)
    gradients = testing.reference_gradients(dy, **arrays, **options)
    step = 1e-6
    for name, array in arrays.items():
        expected = np.zeros_like(array)
        for index in np.ndindex(array.shape):
            ends = []
            for sign in (1, -1):
                moved = array.copy()
                moved[index] += sign * step
                ends.append(np.vdot(dy, testing.reference(**{**arrays, name: moved}, **options)))
            expected[index] = (ends[0] - ends[1]) / (2 * step)
        np.testing.assert_allclose(getattr(gradients, name), expected, rtol=1e-6, atol=1e-8, err_msg=name)


def wrong_results(u: Any, k: Any, right: Any) -> dict[str, Any]:
    """Results a broken convolution could give, by what is wrong with them."""
    spiked, missing = right.copy(), right.copy()
    spiked[..., 3] = np.nan
    missing[..., -1] = 0
    return {
        "zeros": np.zeros_like(right),
        "late by one": np.roll(right, 1, axis=-1),
        "early by one": np.roll(right, -1, axis=-1),
        "filter reversed": testing.reference(u, k[..., ::-1]),
        "spectrum conjugated": testing.reference(u, np.roll(k[..., ::-1], 1, axis=-1), mode="circular"),
        "circular": testing.reference(u, k, mode="circular"),
        "channels swapped": right[..., ::-1, :],
        "sign": -right,
        "scaled by two": 2 * right,
        "one NaN": spiked,
        "last sample missing": missing,
    }


def rejected(wrong: Any, right: Any, dtype: str, n: int) -> bool:
    try:
        testing.assert_close(wrong, right, dtype=dtype, n=n)
    except AssertionError as error:
        return "relative L2 error" in str(error)
    return False


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("length", [16, 300, 5000])
def test_assert_close_rejects_what_a_broken_convolution_gives(dtype: str, length: int) -> None:
    u, k = draw(2, 2, length), draw(2, length, seed=1)
    right = testing.reference(u, k)
    testing.assert_close(right, right, dtype=dtype, n=length)
    for name, wrong in wrong_results(u, k, right).items():
        if name == "last sample missing" and length > 300 and dtype == "bfloat16":
            continue  # one sample of thousands is within the rounding of eight bits
        assert rejected(wrong, right, dtype, length), name


def test_assert_close_says_where() -> None:
    right = draw(2, 30)
    wrong = right.copy()
    wrong[1, 17] += 1
    with pytest.raises(AssertionError, match=r"farthest off at \(1, 17\)"):
        testing.assert_close(wrong, right, dtype="float32", n=30)
    with pytest.raises(AssertionError, match=r"shapes differ: actual \(2, 29\), expected \(2, 30\)"):
        testing.assert_close(right[:, 1:], right, dtype="float32", n=30)


@pytest.mark.parametrize(
    ("actual", "expected", "error"),
    [
        ([3.0, 4.0], [3.0, 4.0], 0.0),
        ([3.0, 4.0], [0.0, 5.0], math.sqrt(10) / 5),
        ([0.0], [0.0], 0.0),
        ([], [], 0.0),
        ([1.0], [0.0], math.inf),
        ([math.nan], [1.0], math.nan),
        ([1.0], [math.nan], math.nan),
        ([1e-320], [2e-320], 0.5),
        ([1e300, 1e300], [1e300, 2e300], 1 / math.sqrt(5)),
    ],
)
def test_relative_l2(actual: Any, expected: Any, error: float) -> None:
    np.testing.assert_allclose(testing.relative_l2(actual, expected), error, rtol=1e-3)


def test_relative_l2_does_not_broadcast() -> None:
    with pytest.raises(longwing.LongwingValueError, match=r"\(2, 3\), got \(3,\)"):
        testing.relative_l2(np.ones(3), np.ones((2, 3)))


@pytest.mark.parametrize("dtype", DTYPES)
def test_tolerances_grow_with_the_length_and_stay_small(dtype: str) -> None:
    limits = [testing.tolerance(dtype, n) for n in (1, 2, 2**10, 2**22)]
    assert limits == sorted(limits)
    assert limits[-1] <= {"float64": 1e-14, "float32": 3e-6, "float16": 5e-4, "bfloat16": 4e-3}[dtype]


def test_an_unknown_dtype_has_no_tolerance() -> None:
    with pytest.raises(longwing.LongwingTypeError, match="int32"):
        testing.tolerance("int32", 8)


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"mode": "reflect"}, "mode"),
        ({"activation": "relu"}, "activation"),
        ({"reverse_lag": "late"}, "reverse_lag"),
        ({"mode": "full", "skip": np.ones(2)}, "skip"),
        ({"filter_bank": True}, "rank of k"),
    ],
)
def test_the_reference_refuses_what_long_conv_refuses(options: Any, word: str) -> None:
    with pytest.raises(longwing.LongwingValueError, match=word):
        testing.reference(draw(2, 9), draw(2, 4), **options)
    with pytest.raises(longwing.LongwingValueError):
        longwing.long_conv(draw(2, 9), draw(2, 4), **options)


@pytest.mark.parametrize(
    ("u", "k", "options", "word"),
    [
        ((9,), (1, 4), {}, "u must have shape"),
        ((2, 0), (2, 4), {}, "u must have shape"),
        ((2, 9), (2, 0), {}, "k must have at least one tap"),
        ((2, 9), (4,), {}, "rank of k"),
        ((4, 9), (3, 4), {}, "groups that divide u's 4 channels"),
        ((3, 2, 9), (2, 2, 4), {}, r"u must have shape \(2, H, L\)"),
        ((2, 9), (2, 2, 4), {}, r"u must have shape \(2, H, L\)"),
        ((2, 9), (2, 4), {"reverse_filter": (1, 3)}, r"reverse_filter must have shape \(2, R >= 1\)"),
        ((2, 9), (2, 4), {"reverse_filter": (2, 0)}, "reverse_filter must have shape"),
        ((2, 9), (2, 4), {"reverse_filter": (3,)}, "reverse_filter must have shape"),
        ((2, 9), (2, 4), {"skip": (1,)}, r"skip must have shape \(2,\)"),
        ((2, 3, 8), (3, 4), {"pre_gate": (3, 8)}, r"pre_gate must have shape \(2, 3, 8\), got \(3, 8\)"),
        ((2, 3, 8), (3, 4), {"post_gate": (3, 8)}, r"post_gate must have shape \(2, 3, 8\)"),
        ((2, 3, 8), (3, 4), {"post_gate": (2, 3, 8), "mode": "full"}, r"post_gate must have shape \(2, 3, 11\)"),
        ((2, 3, 8), (5, 3, 4), {"post_gate": (1, 5, 3, 8), "filter_bank": True}, r"post_gate .* \(2, 5, 3, 8\)"),
    ],
)
def test_the_reference_refuses_the_shapes_that_long_conv_refuses(u: Any, k: Any, options: Any, word: str) -> None:
    arrays = {name: draw(*value) if isinstance(value, tuple) else value for name, value in options.items()}
    with pytest.raises(longwing.LongwingValueError, match=word):
        testing.reference(draw(*u), draw(*k), **arrays)
    with pytest.raises(longwing.LongwingValueError):
        longwing.long_conv(draw(*u), draw(*k), **arrays)


@pytest.mark.parametrize("shape", [(2, 3, 11), (2, 5, 3, 11)])
def test_a_bank_takes_both_shapes_of_a_post_gate(shape: tuple[int, ...]) -> None:
    u, k, gate = draw(2, 3, 8), draw(5, 3, 4, seed=1), draw(*shape, seed=2)
    options: Any = {"post_gate": gate, "filter_bank": True, "mode": "full"}
    testing.assert_close(longwing.long_conv(u, k, **options), testing.reference(u, k, **options), dtype="float64", n=8)


@pytest.mark.parametrize(
    "bad", [np.ones((2, 9), complex), np.full((2, 9), "1"), [[1.0], [1.0, 2.0]], np.ones((2, 9), object)]
)
def test_the_reference_takes_real_numbers_only(bad: Any) -> None:
    good = draw(2, 9)
    with pytest.raises(longwing.LongwingTypeError, match="u must be an array of real numbers"):
        testing.reference(bad, good)
    with pytest.raises(longwing.LongwingTypeError, match="pre_gate must be an array of real numbers"):
        testing.reference(good, good, pre_gate=bad)
    with pytest.raises(longwing.LongwingTypeError, match="dy must be an array of real numbers"):
        testing.reference_gradients(bad, good, good)


def test_the_reference_takes_lists_and_integers() -> None:
    expected = testing.reference(np.ones((1, 3)), np.ones((1, 2)))
    assert np.array_equal(testing.reference([[1, 1, 1]], np.ones((1, 2), "i")), expected)


def test_a_dy_of_another_shape_is_named() -> None:
    with pytest.raises(longwing.LongwingValueError, match=r"dy must have y's shape \(2, 9\), got \(2, 8\)"):
        testing.reference_gradients(draw(2, 8), draw(2, 9), draw(2, 4))
