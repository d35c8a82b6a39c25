"""Results against the float64 oracle: every length, mode, argument and dtype."""

from __future__ import annotations

from typing import Any

import longwing
import numpy as np
import pytest
from longwing import testing

MODES = ["causal", "circular", "same", "full", "valid"]


def draw(rng: np.random.Generator, shape: tuple[int, ...], dtype: Any = "float32") -> Any:
    return rng.standard_normal(shape).astype(dtype)


def check(u: Any, k: Any, **arguments: Any) -> None:
    y = longwing.long_conv(u, k, **arguments)
    expected = testing.reference(u, k, **arguments)
    assert y.dtype == u.dtype
    testing.assert_close(y, expected, dtype=str(u.dtype), n=max(u.shape[-1], k.shape[-1], 8))


@pytest.mark.parametrize("lengths", [range(1, 129), range(129, 257), range(257, 385), range(385, 513), range(2000, 2101)])
def test_every_length(lengths: range) -> None:
    rng = np.random.default_rng(lengths.start)
    for length in lengths:
        check(draw(rng, (1, 2, length)), draw(rng, (2, length)))


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
@pytest.mark.parametrize("mode", MODES)
def test_modes_and_filter_lengths(mode: str, dtype: str) -> None:
    rng = np.random.default_rng(1)
    for length in (1, 7, 33, 100, 257, 900):
        for taps in (1, 2, 5, length // 2 + 1, length, length + 1, 2 * length + 3):
            u, k = draw(rng, (2, 2, length), dtype), draw(rng, (1, taps), dtype)
            y, expected = longwing.long_conv(u, k, mode=mode), testing.reference(u, k, mode=mode)
            # A few outputs that nearly cancel have a large relative error by themselves: judge by the size of the terms.
            scale = np.linalg.norm(u.astype("float64")) * np.linalg.norm(k.astype("float64"))
            error = np.linalg.norm(y.astype("float64") - expected) / max(scale, np.linalg.norm(expected))
            assert error <= testing.tolerance(dtype, max(length, taps, 8))


def arguments(rng: np.random.Generator, case: int, dtype: str) -> tuple[Any, Any, dict[str, Any]]:
    mode = ["causal", "circular", "same"][case % 3]
    batch, groups, length = 3, 2, int(rng.integers(20, 400))
    channels, taps = 4, int(rng.integers(1, 2 * length))
    kind = case % 4  # shared, grouped, per sample, bank
    u = draw(rng, (batch, channels, length), dtype)
    shape = [(channels, taps), (groups, taps), (batch, groups, taps), (5, groups, taps)][kind]
    options: dict[str, Any] = {"mode": mode, "filter_bank": kind == 3, "activation": [None, "gelu", "silu"][case % 3]}
    if case % 2:
        options["skip"] = draw(rng, (channels,), dtype)
        options["pre_gate"] = draw(rng, u.shape, dtype)
        options["post_gate"] = draw(rng, u.shape, dtype)
    if mode != "same" and case % 5:
        options["reverse_filter"] = draw(rng, (*shape[:-1], int(rng.integers(1, length + 3))), dtype)
        options["reverse_lag"] = ["shifted", "overlapped"][case % 2]
    return u, draw(rng, shape, dtype), options


@pytest.mark.parametrize("case", range(60))
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_argument(case: int, dtype: str) -> None:
    u, k, options = arguments(np.random.default_rng(case), case, dtype)
    check(u, k, **options)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("lag", ["shifted", "overlapped"])
@pytest.mark.parametrize(
    ("mode", "length", "taps", "reverse"),
    [("circular", 57, 57, 21), ("circular", 900, 1800, 901), ("causal", 1, 1, 1), ("causal", 900, 900, 1)],
)
def test_reverse_taps_that_meet_forward_ones(mode: str, length: int, taps: int, reverse: int, lag: str, dtype: str) -> None:
    rng = np.random.default_rng(6)
    u, k = draw(rng, (2, 3, length), dtype), draw(rng, (3, taps), dtype)
    check(u, k, mode=mode, reverse_filter=draw(rng, (3, reverse), dtype), reverse_lag=lag)


@pytest.mark.parametrize("case", range(60))
def test_gradients(case: int) -> None:
    rng = np.random.default_rng(case)
    u, k, options = arguments(rng, case, "float64")
    reverse = options.get("reverse_filter")
    plan = longwing.plan(
        length=u.shape[-1], filter_length=k.shape[-1], channels=u.shape[-2], groups=k.shape[-2], mode=options["mode"],
        reverse_length=0 if reverse is None else reverse.shape[-1], dtype="float64",
        reverse_lag=options.get("reverse_lag", "shifted"),
    )  # fmt: skip
    spectrum = plan.spectrum(k, reverse, filter_bank=options["filter_bank"])
    call = {name: options[name] for name in ("skip", "pre_gate", "post_gate", "activation") if name in options}
    dy = draw(rng, plan.forward(u, spectrum, **call).shape, "float64")
    actual = plan.backward(dy, u, spectrum, **call)
    expected = testing.reference_gradients(dy, u, k, **options)
    for name, a, e in zip(actual._fields, actual, expected, strict=True):
        assert (a is None) == (e is None), name
        if a is not None:
            # act' turns the forward result's absolute error into a relative one of dy, and both are transformed again.
            amplification = 1 if options["activation"] is None else 4
            assert testing.relative_l2(a, e) <= amplification * testing.tolerance("float64", 4 * u.shape[-1]), name


# What is measured, by instruction set: docs/design/cpu_engine.md.
@pytest.mark.parametrize(
    ("dtype", "length", "limit"),
    [("float32", 2**17, 3e-7), ("float32", 2**20, 3e-7), ("float32", 2**22, 3.5e-7), ("float64", 2**22, 4e-15)],
)
def test_long_rows(dtype: str, length: int, limit: float) -> None:
    rng = np.random.default_rng(2)
    u, k = draw(rng, (1, 1, length), dtype), draw(rng, (1, length), dtype)
    exact = testing.reference(u, k, wide=dtype == "float64")
    assert testing.relative_l2(longwing.long_conv(u, k), exact) <= limit


def test_half_output_is_the_rounded_result() -> None:
    rng = np.random.default_rng(3)
    u, k = draw(rng, (1, 4, 5000), "float16"), draw(rng, (4, 5000), "float16") / np.float16(64)
    exact = testing.reference(u, k)
    rounding = testing.relative_l2(exact.astype("float16"), exact)
    assert testing.relative_l2(longwing.long_conv(u, k), exact) <= 1.1 * rounding


@pytest.mark.parametrize("taps", [1, 3, 40, 1000, 70000])
def test_short_filters_of_long_rows(taps: int) -> None:
    rng = np.random.default_rng(4)
    check(draw(rng, (1, 2, 70001)), draw(rng, (2, taps)))


def test_strided_views() -> None:
    rng = np.random.default_rng(5)
    u, k = draw(rng, (2, 300, 4)), draw(rng, (4, 300))
    check(u.transpose(0, 2, 1), k)
    check(u.transpose(0, 2, 1)[:, ::-1, ::-1], k[::-1, ::-2])
    check(np.broadcast_to(u[:1, :1].transpose(0, 2, 1), (2, 4, 300)), k)
    assert longwing.long_conv(np.empty((0, 4, 300), "float32"), k).shape == (0, 4, 300)


def test_out() -> None:
    rng = np.random.default_rng(6)
    u, k = draw(rng, (2, 3, 50)), draw(rng, (3, 9))
    big = np.zeros((2, 3, 100), "float32")
    assert longwing.long_conv(u, k, out=big[..., ::2]) is not None
    np.testing.assert_array_equal(big[..., ::2], longwing.long_conv(u, k))
    assert not big[..., 1::2].any()


def test_properties() -> None:
    rng = np.random.default_rng(7)
    u, k = draw(rng, (1, 3, 600)), draw(rng, (3, 600))
    impulse = np.zeros_like(u)
    impulse[..., 5] = 1
    np.testing.assert_allclose(longwing.long_conv(impulse, k)[0, :, 5:], k[:, :595], atol=1e-5)
    assert not longwing.long_conv(np.zeros_like(u), k).any()
    later = u.copy()
    later[..., 400:] += 1
    difference = np.abs(longwing.long_conv(later, k) - longwing.long_conv(u, k))
    assert difference[..., :400].max() < 1e-4 < difference[..., 400:].max()
