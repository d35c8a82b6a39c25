"""Convolution in longdouble, which long_conv has no engine for: by numpy.fft, which computes in it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from longwing.scipy._arguments import Array, Mode, window


def smooth_length(minimum: int) -> int:
    """Return the smallest 2^a 3^b 5^c that is at least `minimum`."""
    best = 1 << (minimum - 1).bit_length()
    five = 1
    while five < best:
        three = five
        while three < best:
            best = min(best, three << (-(-minimum // three) - 1).bit_length())
            three *= 3
        five *= 5
    return best


def convolve_longdouble(in1: Array, in2: Array, mode: Mode, axes: Sequence[int]) -> Array:
    """Convolve arrays of one dtype, longdouble or clongdouble, along `axes` and broadcast elsewhere."""
    windows = {a: window(in1.shape[a], in2.shape[a], mode) for a in axes}
    shape = [smooth_length(in1.shape[a] + in2.shape[a] - 1) for a in axes]
    is_complex = in1.dtype.kind == "c"
    forward, inverse = (np.fft.fftn, np.fft.ifftn) if is_complex else (np.fft.rfftn, np.fft.irfftn)
    full: Array = inverse(forward(in1, shape, axes=axes) * forward(in2, shape, axes=axes), shape, axes=axes)
    keep = [slice(None)] * in1.ndim
    for a, (start, size) in windows.items():
        keep[a] = slice(start, start + size)
    return np.array(full[tuple(keep)])
