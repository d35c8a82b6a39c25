"""What a long convolution's filter is made of: its regularisers and its initial values.

Source of the formulas: D. Fu et al., "Simple Hardware-Efficient Long Convolutions for Sequence Modeling", ICML 2023.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch.nn import functional

from longwing._core import LongwingValueError
from longwing.torch.checks import check_count, check_floating, check_number, check_shape

__all__ = ["init_geometric", "init_random", "smooth", "smooth_frequency", "squash"]


def squash(k: torch.Tensor, lam: float) -> torch.Tensor:
    r"""Return the soft threshold of `k`: :math:`\operatorname{sign}(k) \max(|k| - \lambda, 0)`.

    It is the proximal operator of :math:`\lambda \lVert k \rVert_1`. The gradient passes where :math:`|k| > \lambda` and is
    0 elsewhere: a weight at or below `lam` in magnitude does not learn. Any shape and floating dtype, which the result
    has too. A `lam` that is negative or not finite is a LongwingValueError, one that is no number a LongwingTypeError.
    """
    _check_filter(k)
    result: torch.Tensor = functional.softshrink(k, check_number("lam", lam))
    return result


def smooth(k: torch.Tensor, p: int) -> torch.Tensor:
    r"""Return the moving average of `k` (..., K) over 2p+1 taps: :math:`\frac{1}{2p+1} \sum_{|i| \le p} k_{t+i}`.

    Taps outside of k are 0, and the divisor is 2p+1 at the ends too. The result has k's shape and dtype. A negative `p` is
    a LongwingValueError, one that is no int a LongwingTypeError.
    """
    _check_filter(k)
    check_count("p", p, 0)
    if p == 0:
        return k
    with torch.autocast(k.device.type, enabled=False):
        rows = k.reshape(1, -1, k.shape[-1])
        return functional.avg_pool1d(rows, 2 * p + 1, stride=1, padding=p).reshape(k.shape)


def smooth_frequency(k: torch.Tensor, width: int) -> torch.Tensor:
    r"""Return `k` (..., K) with its spectrum convolved with Gaussian weights.

    .. math:: \hat k_f \leftarrow \sum_{i=0}^{w-1} e^{-(i-c)^2/2}\; \hat k_{f+i-c}, \qquad c = \lfloor w/2 \rfloor

    :math:`\hat k` is the real-input FFT of length K of k, w is `width`. The weights are not normalised, and bins outside of
    the K//2+1 are 0. The result has k's shape and dtype; half types are computed in float32. A `width` that is even or
    below 1 is a LongwingValueError, one that is no int a LongwingTypeError.
    """
    _check_filter(k)
    check_count("width", width, 1)
    if width % 2 == 0:
        raise LongwingValueError(f"width must be odd, so that the weights have a middle, got {width}")
    with torch.autocast(k.device.type, enabled=False):
        wide = k if k.dtype == torch.float64 else k.float()
        offsets = torch.arange(width, dtype=wide.dtype, device=k.device) - width // 2
        weights = torch.exp(-0.5 * offsets * offsets).reshape(1, 1, width)
        spectrum = torch.view_as_real(torch.fft.rfft(wide)).movedim(-1, 0)  # (2, ..., K//2+1): real, imaginary parts
        smoothed = functional.conv1d(spectrum.reshape(-1, 1, spectrum.shape[-1]), weights, padding=width // 2)
        real, imaginary = smoothed.reshape(spectrum.shape)
        result: torch.Tensor = torch.fft.irfft(torch.complex(real, imaginary), n=k.shape[-1]).to(k.dtype)
        return result


def init_random(
    shape: Sequence[int],
    *,
    scale: float = 0.002,
    generator: torch.Generator | None = None,
    dtype: torch.dtype | None = None,
    device: torch.device | str | None = None,
) -> torch.Tensor:
    r"""Return a filter of `shape` (..., H, K) drawn from :math:`s \cdot \mathcal N(0, 1)`, s = `scale`.

    `generator`, `dtype` and `device` are those of torch.randn. A shape of less than two axes or with an extent below 1 is
    a LongwingValueError, one that is no sequence of ints a LongwingTypeError.
    """
    return scale * torch.randn(check_shape(shape), generator=generator, dtype=dtype, device=device)


def init_geometric(
    shape: Sequence[int],
    *,
    scale: float = 0.02,
    generator: torch.Generator | None = None,
    dtype: torch.dtype | None = None,
    device: torch.device | str | None = None,
) -> torch.Tensor:
    r"""Return a filter of `shape` (..., H, K) that decays: :math:`s \cdot \mathcal N(0, 1) \cdot e^{-(t/K) (H/2)^{h/H}}`.

    t = 0 to K-1 is the tap, h = 0 to H-1 the channel and s = `scale`: channel 0 decays by a factor e over the filter, the
    last one by about H/2 such factors. Arguments and errors are those of :func:`init_random`.
    """
    *_, channels, taps = check_shape(shape)
    values = init_random(shape, scale=scale, generator=generator, dtype=dtype, device=device)
    time = torch.arange(taps, dtype=values.dtype, device=values.device) / taps
    channel = torch.arange(channels, dtype=values.dtype, device=values.device) / channels
    rate = torch.exp(channel * math.log(channels / 2))
    return values * torch.exp(-rate[:, None] * time)


def _check_filter(k: Any) -> None:
    check_floating("k", k)
    if k.ndim == 0:
        raise LongwingValueError("k must have an axis of taps, got a scalar")
