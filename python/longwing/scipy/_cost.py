"""Direct sums or the transform: scipy's rules of exactness, then what is expected to be faster here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np

from longwing.scipy._arguments import Array, Mode, check_mode, window
from longwing.scipy._direct import numpy_serves

_EXACT = 2**52 - 1
"""The largest sum of integers that scipy trusts to float64."""

_NUMPY_SUMS = {
    "?": (3.0, 0.0), "e": (0.0, 3.0), "f": (8.0, 0.06), "d": (10.0, 0.12), "g": (0.0, 3.0),
    "F": (9.0, 0.1), "D": (13.0, 0.18), "G": (0.0, 5.7), "i": (1.0, 1.0), "I": (1.0, 1.0),
}  # fmt: skip
"""np.convolve's nanoseconds (an output, a product) by dtype, measured with NumPy 2.4; other integers: (1, 0.6)."""


def choose_method(in1: Array, in2: Array, mode: Mode) -> Literal["direct", "fft"]:
    """Return how to convolve two arrays of one number of dimensions along all axes."""
    check_mode(mode)
    dtype = np.result_type(in1, in2)
    if dtype.kind not in "iufc" or not (in1.size and in2.size and in1.ndim == in2.ndim > 0):
        return "direct"
    if not _sums_fit_float64(in1, in2):
        return "direct"
    if dtype.char == "e" and not numpy_serves(in1, in2, mode):
        return "fft"
    real_products = (1 + (in1.dtype.kind == "c")) * (1 + (in2.dtype.kind == "c"))
    by_sums = _direct_ns(in1.shape, in2.shape, mode, dtype.char)
    return "direct" if by_sums <= _transform_ns(in1.shape, in2.shape, real_products, dtype.char) else "fft"


def _sums_fit_float64(in1: Array, in2: Array) -> bool:
    """Apply scipy's bound: the largest magnitudes times the number of terms, if an input has integers.

    A NaN or an infinity beside integers does not fit, where scipy fails to convert it.
    """
    if in1.dtype.kind not in "ui" and in2.dtype.kind not in "ui":
        return True
    largest1, largest2 = _largest(in1), _largest(in2)
    if not (math.isfinite(largest1) and math.isfinite(largest2)):
        return False
    return int(largest1) * int(largest2) * min(in1.size, in2.size) <= _EXACT


def _largest(x: Array) -> float:
    """Return the largest magnitude; .item() because the magnitude of int8's -128 is no int8."""
    if x.dtype.kind == "c":
        return float(np.abs(x).max())
    ends: tuple[float, float] = x.min().item(), x.max().item()
    return max(abs(ends[0]), abs(ends[1]))


def _direct_ns(shape1: Sequence[int], shape2: Sequence[int], mode: Mode, dtype: str) -> float:
    outputs = math.prod(window(n1, n2, mode)[1] for n1, n2 in zip(shape1, shape2, strict=True))
    taps = min(math.prod(shape1), math.prod(shape2))
    if len(shape1) > 1:
        row = min(shape1[-1], shape2[-1])  # einsum's inner loop
        return 15e3 + outputs * taps * (7.0 if dtype in "gG" else 0.6 + 7.0 / row)
    an_output, a_product = _NUMPY_SUMS.get(dtype, (1.0, 0.6))
    if taps <= 11 and dtype in "fd":  # NumPy has loops for few taps
        an_output, a_product = 1.5, 0.15
    return 1e3 + outputs * (an_output + taps * a_product)


def _transform_ns(shape1: Sequence[int], shape2: Sequence[int], real_products: int, dtype: str) -> float:
    full = math.prod(n1 + n2 - 1 for n1, n2 in zip(shape1, shape2, strict=True))
    if dtype in "gG":
        return 100e3 + full * math.log2(2 * full) * 6.0 * (2 if dtype == "G" else 1)
    taps = min(math.prod(shape1), math.prod(shape2))
    call = 40e3 if len(shape1) > 1 else 6e3 if dtype in "fd" else 35e3 if dtype in "FD" else 20e3
    copies = 8.0 if dtype in "FD" else 1.0
    return call + full * (real_products * 0.15 * math.log2(4 * taps) + copies + (3.0 if len(shape1) > 1 else 0.0))
