"""out=: where a result may be written, and where not."""

from __future__ import annotations

from typing import Any

import longwing
import numpy as np
import pytest
from numpy.lib.stride_tricks import as_strided


def draw(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).standard_normal(shape).astype("float32")


K = draw(3, 40, seed=1)


def memory() -> Any:
    """Samples of u at even places, those of out at odd ones: interleaved, and nothing in common."""
    return draw(2, 3, 200)


@pytest.mark.parametrize(
    ("u_of", "out_of"),
    [
        (lambda m: m[..., ::2], lambda m: m[..., 1::2]),
        (lambda m: m[..., 1::2], lambda m: m[..., ::2]),
        (lambda m: m[..., ::2], lambda m: m[..., ::-2]),
        (lambda m: m[..., :100], lambda m: m[..., 100:]),
        (lambda m: m[..., 100:], lambda m: m[..., 99::-1]),
        (lambda m: m[:1, :, :100], lambda m: m[1:, :, 50:150]),
        (lambda m: m[..., :99:3], lambda m: m[..., 2:99:3]),
    ],
)
def test_interleaved_views_that_share_no_element_are_accepted(u_of: Any, out_of: Any) -> None:
    shared = memory()
    expected = longwing.long_conv(u_of(shared).copy(), K)
    out = out_of(shared)
    rest = np.ones(shared.shape, bool)
    out_of(rest)[...] = False
    before = shared.copy()
    assert longwing.long_conv(u_of(shared), K, out=out) is out
    assert np.array_equal(out, expected)
    assert np.array_equal(shared[rest], before[rest])


@pytest.mark.parametrize(
    ("u_of", "out_of"),
    [
        (lambda m: m, lambda m: m),
        (lambda m: m, lambda m: m[..., ::-1]),
        (lambda m: m[..., :100], lambda m: m[..., 99:199]),
        (lambda m: m[..., ::2], lambda m: m[..., 98:198]),
        (lambda m: m[..., ::2], lambda m: m[..., 198::-2]),
        (lambda m: m[:1], lambda m: m[:1]),
        (lambda m: m[..., :99:3], lambda m: m[..., :66:2]),
    ],
)
def test_views_that_share_an_element_are_refused_and_nothing_is_written(u_of: Any, out_of: Any) -> None:
    shared = memory()
    before = shared.copy()
    with pytest.raises(longwing.LongwingValueError, match=r"out must not overlap u$"):
        longwing.long_conv(u_of(shared), K, out=out_of(shared))
    assert np.array_equal(shared, before)


@pytest.mark.parametrize("argument", ["k", "reverse_filter", "skip", "pre_gate", "post_gate"])
def test_out_overlaps_no_input_whatever_it_is(argument: str) -> None:
    out = np.zeros((3, 40), "float32")
    values = out[:, 0] if argument == "skip" else out
    arrays = {"k": draw(3, 40, seed=2), argument: values}
    with pytest.raises(longwing.LongwingValueError, match=f"out must not overlap {argument}$"):
        longwing.long_conv(draw(3, 40), **arrays, out=out)


def test_forward_checks_out_as_long_conv_does() -> None:
    u = draw(3, 40)
    plan = longwing.plan(length=40, filter_length=40, channels=3)
    with pytest.raises(longwing.LongwingValueError, match=r"out must not overlap u$"):
        plan.forward(u, plan.spectrum(K), out=u)
    # A spectrum has memory of its own: its filter's may be written.
    k = K.copy()
    spectrum = plan.spectrum(k)
    assert plan.forward(u, spectrum, out=k) is k
    assert np.array_equal(k, longwing.long_conv(u, K))


@pytest.mark.parametrize(
    ("out", "error", "words"),
    [
        (np.broadcast_to(np.zeros((3, 1), "float32"), (3, 40)), longwing.LongwingTypeError, "writable"),
        (as_strided(np.zeros((3, 40), "float32"), strides=(0, 4)), longwing.LongwingValueError, "repeat"),
        (as_strided(np.zeros(100, "float32"), (3, 40), (4, 4)), longwing.LongwingValueError, "strides that meet"),
        (np.zeros((3, 41), "float32"), longwing.LongwingValueError, r"\(3, 40\), got \(3, 41\)"),
        (np.zeros((1, 3, 40), "float32"), longwing.LongwingValueError, r"\(3, 40\), got \(1, 3, 40\)"),
        (np.zeros((3, 40), "float16"), longwing.LongwingTypeError, "float32, got float16"),
        (np.zeros((3, 40), "int32"), longwing.LongwingTypeError, "out: dtype int32"),
        ([[0.0]], longwing.LongwingTypeError, "out must be an array"),
        (True, longwing.LongwingTypeError, "out must be an array"),
    ],
)
def test_a_wrong_out_is_refused_by_name(out: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words) as caught:
        longwing.long_conv(draw(3, 40), K, out=out)
    assert str(caught.value).startswith("out")


@pytest.mark.parametrize("mode", ["full", "valid", "same", "circular"])
def test_out_has_the_shape_of_the_mode(mode: Any) -> None:
    u, k = draw(2, 3, 60), draw(4, 3, 25, seed=2)
    expected = longwing.long_conv(u, k, mode=mode, filter_bank=True)
    out = np.full(expected.shape, np.nan, "float32").swapaxes(0, 1).copy().swapaxes(0, 1)
    assert longwing.long_conv(u, k, mode=mode, filter_bank=True, out=out) is out
    assert np.array_equal(out, expected)


def test_an_empty_out_overlaps_nothing() -> None:
    u = np.empty((0, 3, 40), "float32")
    assert longwing.long_conv(u, K, out=u) is u
