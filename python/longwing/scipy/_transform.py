"""Convolution along any axes of arrays of any dtype, by long_conv on their real parts."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from longwing.scipy import _flatten
from longwing.scipy._arguments import Array, Mode, cut_to_first, result_shape, window
from longwing.scipy._longdouble import convolve_longdouble
from longwing.scipy._rows import convolve_rows


def convolve_axes(in1: Array, in2: Array, mode: Mode, axes: Sequence[int]) -> Array:
    """Convolve along `axes`, in which both have more than one sample, and broadcast elsewhere; without axes, multiply."""
    if mode == "same":
        in2 = cut_to_first(in1, in2, axes)
    if not axes:
        return np.asarray(in1 * in2)
    dtype = np.result_type(_floating(in1.dtype), _floating(in2.dtype))
    if dtype.char in "gG":
        return convolve_longdouble(in1.astype(dtype, copy=False), in2.astype(dtype, copy=False), mode, axes)
    result = np.empty(result_shape(in1, in2, mode, axes), dtype)
    order = (0, *(1 + a for a in range(in1.ndim) if a not in axes), *(1 + a for a in axes))
    x1, x2 = (_parts(x, dtype).transpose(order) for x in (in1, in2))
    target = _parts(result, dtype).transpose(order)
    if len(axes) == 1:
        _convolve_parts(x1, x2, mode, target)
    else:
        _convolve_flat(x1, x2, mode, target, len(axes))
    return result


def _floating(dtype: np.dtype[np.generic]) -> np.dtype[np.generic]:
    """Return what scipy's transforms compute `dtype` in."""
    if dtype.kind in "fc":
        return np.dtype(np.float32) if dtype.char == "e" else dtype.newbyteorder("=")
    return np.dtype(np.float64)


def _parts(x: Array, dtype: np.dtype[np.generic]) -> Array:
    """Return `x` as real numbers of `dtype`'s precision, (1, ...) or, if complex, (2, ...): a view where dtypes agree."""
    real = np.dtype(dtype.char.lower())
    if x.dtype.kind != "c":
        return x.astype(real, copy=False)[None]
    pairs = x.astype(real.char.upper(), copy=False)[..., None].view(real)
    return np.asarray(pairs.transpose((x.ndim, *range(x.ndim))))


def _convolve_parts(x1: Array, x2: Array, mode: Mode, out: Array) -> None:
    """Convolve along the last axis; the first one is real and imaginary parts, one or two of them.

    Interleaved parts are copied apart and together again: read and written in place they cost more than the copies.
    """
    x1, x2 = (x if len(x) == 1 else np.ascontiguousarray(x) for x in (x1, x2))
    if len(x1) == len(x2) == 2:
        products = np.empty((2, *out.shape), out.dtype)  # [i, j] is x1's part j with x2's part i
        convolve_rows(x1[None], x2[:, None], mode, products)
        np.subtract(products[0, 0], products[1, 1], out=out[0])
        np.add(products[0, 1], products[1, 0], out=out[1])
    elif len(out) == 1 or out.flags.c_contiguous:
        convolve_rows(x1, x2, mode, out)
    else:
        apart = np.empty(out.shape, out.dtype)
        convolve_rows(x1, x2, mode, apart)
        out[...] = apart


def _convolve_flat(x1: Array, x2: Array, mode: Mode, target: Array, axes: int) -> None:
    """Convolve along the last `axes` axes, laid out as one."""
    sizes = list(zip(x1.shape[-axes:], x2.shape[-axes:], strict=True))
    lengths = [_flatten.row_length(n1, n2, mode) for n1, n2 in sizes]
    strides = _flatten.flat_strides(lengths)
    zeros = _flatten.leading_zeros(x2.shape[-axes:], strides) if mode == "same" else 0
    flat1, flat2 = _flatten.flatten(x1, lengths), _flatten.flatten(x2, lengths, zeros)
    batch, kept = target.shape[:-axes], target.shape[-axes:]
    samples = window(flat1.shape[-1], flat2.shape[-1], mode)[1]
    if samples == math.prod(kept):
        whole = target.reshape((*batch, samples))
        _convolve_parts(flat1, flat2, mode, whole)
        if not np.may_share_memory(whole, target):
            target[...] = whole.reshape(target.shape)
        return
    buffer = np.empty((*batch, kept[0] * strides[0]), target.dtype)
    _convolve_parts(flat1, flat2, mode, buffer[..., :samples])
    rows = buffer.reshape((*batch, kept[0], *lengths[1:]))
    target[...] = _flatten.corner(rows, kept)
