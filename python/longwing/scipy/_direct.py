"""Convolution by sums, in the dtype of the result: integers are exact modulo their width."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from longwing._core import LongwingValueError
from longwing.scipy._arguments import Array, Mode, window


def numpy_serves(in1: Array, in2: Array, mode: Mode) -> bool:
    """Say whether NumPy's one-dimensional functions apply; their "same" has the size of the longer input."""
    return in1.ndim == 1 and (mode != "same" or in1.size >= in2.size)


def convolve_directly(in1: Array, in2: Array, mode: Mode) -> Array:
    """Convolve along all axes by sums."""
    _refuse_empty(in1, in2)
    return np.convolve(in1, in2, mode) if numpy_serves(in1, in2, mode) else _sums(in1, in2, mode)


def correlate_directly(in1: Array, in2: Array, mode: Mode) -> Array:
    """Correlate along all axes by sums."""
    _refuse_empty(in1, in2)
    return np.correlate(in1, in2, mode) if numpy_serves(in1, in2, mode) else _sums(in1, reversed_conjugate(in2), mode)


def _refuse_empty(in1: Array, in2: Array) -> None:
    for name, array in (("in1", in1), ("in2", in2)):
        if not array.size:
            raise LongwingValueError(f"{name} must not be empty for direct sums, got shape {array.shape}")


def reversed_conjugate(x: Array) -> Array:
    """Return `x` reversed along every axis and, if complex, conjugated."""
    reverse = x[(slice(None, None, -1),) * x.ndim]
    return np.conj(reverse) if x.dtype.kind == "c" else reverse


def _sums(in1: Array, in2: Array, mode: Mode) -> Array:
    """Convolve by one sum over the taps of the smaller array, for every position of the larger one, padded with zeros."""
    dtype = np.result_type(in1, in2)
    if dtype.char in "?eO" or dtype.kind not in "iufc":
        raise LongwingValueError(
            f"direct convolution is not available for dtype {dtype} with {in1.ndim} dimensions of shapes {in1.shape} and "
            f"{in2.shape} in mode {mode!r}; integers, float32, float64, longdouble and complex are supported"
        )
    windows = [window(n1, n2, mode) for n1, n2 in zip(in1.shape, in2.shape, strict=True)]
    signal, taps = (in1, in2) if in1.size >= in2.size else (in2, in1)
    around = _surroundings(signal.astype(dtype, copy=False), windows, taps.shape)
    views = sliding_window_view(around, taps.shape)
    out, inner = list(range(taps.ndim)), list(range(taps.ndim, 2 * taps.ndim))
    backwards = taps.astype(dtype, copy=False)[(slice(None, None, -1),) * taps.ndim]
    return np.asarray(np.einsum(views, out + inner, backwards, inner, out))


def _surroundings(signal: Array, windows: Sequence[tuple[int, int]], taps: Sequence[int]) -> Array:
    """Return what the outputs of `windows` are sums of: size+k-1 samples an axis, zeros where the signal has none."""
    around = np.zeros([size + k - 1 for (_, size), k in zip(windows, taps, strict=True)], signal.dtype)
    source, target = [], []
    for n, k, total, (start, _) in zip(signal.shape, taps, around.shape, windows, strict=True):
        before = k - 1 - start  # zeros before the signal; samples of it to leave out, if negative
        first, to = max(-before, 0), max(before, 0)
        count = min(n - first, total - to)
        source.append(slice(first, first + count))
        target.append(slice(to, to + count))
    around[tuple(target)] = signal[tuple(source)]
    return around
