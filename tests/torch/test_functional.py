"""Regularisers and initial values of a filter, against their formulas in float64."""

from __future__ import annotations

import cmath
import math
from typing import Any

import longwing
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

import longwing.torch as lt  # noqa: E402 - torch may be absent


def values(*shape: int, dtype: Any = torch.float64) -> Any:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(sum(shape))).to(dtype)


def moving_average(row: list[float], p: int) -> list[float]:
    return [sum(row[max(0, t - p) : t + p + 1]) / (2 * p + 1) for t in range(len(row))]


def smoothed_spectrum(row: list[float], width: int) -> list[float]:
    """The DFT by its sums, the weights by their formula, and back as numpy's irfft defines it."""
    n, half = len(row), len(row) // 2 + 1
    spectrum = [sum(x * cmath.exp(-2j * math.pi * f * t / n) for t, x in enumerate(row)) for f in range(half)]
    smooth = [
        sum(
            math.exp(-((i - width // 2) ** 2) / 2) * spectrum[f + i - width // 2]
            for i in range(width)
            if 0 <= f + i - width // 2 < half
        )
        for f in range(half)
    ]
    full = smooth + [smooth[n - f].conjugate() for f in range(half, n)]
    full[0] = complex(full[0].real)
    if n % 2 == 0:
        full[n // 2] = complex(full[n // 2].real)
    return [sum(c * cmath.exp(2j * math.pi * f * t / n) for f, c in enumerate(full)).real / n for t in range(n)]


@pytest.mark.parametrize(
    ("weight", "expected", "slope"),
    [(0.5, 0.2, 1), (-0.5, -0.2, 1), (0.3, 0.0, 0), (-0.3, 0.0, 0), (0.1, 0.0, 0), (0.0, 0.0, 0), (-7.0, -6.7, 1)],
)
def test_squash_is_the_soft_threshold(weight: float, expected: float, slope: float) -> None:
    k = torch.tensor([weight], dtype=torch.float64, requires_grad=True)
    squashed = lt.squash(k, 0.3)
    squashed.sum().backward()
    assert squashed.item() == pytest.approx(expected, abs=1e-15)
    assert k.grad.item() == slope


@pytest.mark.parametrize("p", [0, 1, 3, 9])
@pytest.mark.parametrize("shape", [(1,), (7,), (2, 3, 8)])
def test_smooth_is_the_moving_average_over_zeros(shape: tuple[int, ...], p: int) -> None:
    k = values(*shape)
    expected = [moving_average(row.tolist(), p) for row in k.reshape(-1, shape[-1])]
    torch.testing.assert_close(lt.smooth(k, p), torch.tensor(expected, dtype=k.dtype).reshape(shape))


@pytest.mark.parametrize("width", [1, 3, 7])
@pytest.mark.parametrize("shape", [(1,), (2, 7), (2, 3, 8)])
def test_smooth_frequency_convolves_the_bins(shape: tuple[int, ...], width: int) -> None:
    k = values(*shape)
    expected = [smoothed_spectrum(row.tolist(), width) for row in k.reshape(-1, shape[-1])]
    torch.testing.assert_close(lt.smooth_frequency(k, width), torch.tensor(expected, dtype=k.dtype).reshape(shape))


@pytest.mark.parametrize(
    "call", [lambda k: lt.squash(k, 0.3), lambda k: lt.smooth(k, 2), lambda k: lt.smooth_frequency(k, 3)]
)
def test_gradients_of_both_orders(call: Any) -> None:
    k = values(2, 7).requires_grad_()
    assert torch.autograd.gradcheck(call, k)
    assert torch.autograd.gradgradcheck(call, k)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize(
    "call", [lambda k: lt.squash(k, 0.3), lambda k: lt.smooth(k, 2), lambda k: lt.smooth_frequency(k, 3)]
)
def test_results_have_the_dtype_of_k(call: Any, dtype: Any) -> None:
    k = values(3, 16, dtype=dtype)
    assert call(k).dtype == dtype
    torch.testing.assert_close(call(k).double(), call(k.double()), rtol=0, atol=8 * torch.finfo(dtype).eps)


def test_autocast_leaves_smoothing_in_float32() -> None:
    k = values(3, 16, dtype=torch.float32)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(lt.smooth(k, 2), lt.smooth(k, 2).float())
        inside = lt.smooth_frequency(k, 3)
    assert torch.equal(inside, lt.smooth_frequency(k, 3))


@pytest.mark.parametrize(("lam", "share"), [(0.001, 0.617), (0.002, 0.317), (0.003, 0.134), (0.004, 0.0455)])
def test_random_weights_survive_the_squash_as_a_normal_law_says(lam: float, share: float) -> None:
    k = lt.init_random((64, 4096), generator=torch.Generator().manual_seed(0))
    assert (lt.squash(k, lam) != 0).double().mean().item() == pytest.approx(share, abs=0.003)


def test_random_weights_have_mean_0_and_their_scale() -> None:
    k = lt.init_random((2, 64, 1024), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert k.shape == (2, 64, 1024)
    assert abs(k.mean().item()) < 3e-5
    assert k.std().item() == pytest.approx(0.002, rel=0.01)
    twice = lt.init_random((2, 64, 1024), scale=0.004, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert torch.allclose(twice, 2 * k)


@pytest.mark.parametrize("channels", [1, 2, 5, 16])
def test_geometric_weights_decay_by_channel_and_tap(channels: int) -> None:
    taps = 11
    k = lt.init_geometric((20000, channels, taps), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    expected = [
        [0.02 * math.exp(-(t / taps) * (channels / 2) ** (h / channels)) for t in range(taps)] for h in range(channels)
    ]
    torch.testing.assert_close(k.std(0), torch.tensor(expected, dtype=k.dtype), rtol=0.04, atol=0)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: lt.squash(torch.ones(3), -0.1), longwing.LongwingValueError, "lam must be .* at least 0, got -0.1"),
        (lambda: lt.squash(torch.ones(3), math.nan), longwing.LongwingValueError, "lam must be finite .*, got nan"),
        (
            lambda: lt.squash(torch.ones(3, dtype=torch.int32), 0.1),
            longwing.LongwingTypeError,
            "floating dtype, got torch.int32",
        ),
        (lambda: lt.squash([1.0], 0.1), longwing.LongwingTypeError, "k must be a torch.Tensor, got list"),
        (lambda: lt.smooth(torch.ones(3), -1), longwing.LongwingValueError, "p must be at least 0, got -1"),
        (lambda: lt.smooth(torch.ones(3), 1.5), longwing.LongwingTypeError, "p must be an int, got float"),
        (lambda: lt.smooth(torch.tensor(1.0), 1), longwing.LongwingValueError, "axis of taps"),
        (lambda: lt.smooth_frequency(torch.ones(3), 4), longwing.LongwingValueError, "width must be odd.*got 4"),
        (lambda: lt.smooth_frequency(torch.ones(3), 0), longwing.LongwingValueError, "width must be at least 1, got 0"),
        (lambda: lt.init_random((3,)), longwing.LongwingValueError, r"shape must be \(..., H, K\).*got \(3,\)"),
        (lambda: lt.init_geometric((2, 0)), longwing.LongwingValueError, r"shape\[1\] must be at least 1, got 0"),
        (lambda: lt.squash(torch.ones(3), "a"), longwing.LongwingTypeError, "lam must be a number, got str 'a'"),
        (lambda: lt.init_random(4), longwing.LongwingTypeError, "shape must be a sequence of ints, got int 4"),
        (lambda: lt.init_random((4, 2.0)), longwing.LongwingTypeError, r"shape\[1\] must be an int, got float 2.0"),
    ],
)
def test_bad_arguments_are_named(call: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        call()
