"""Several axes to convolve along, laid out as one.

Sample (i_0, ..., i_d) goes to i_0*S_0 + ... + i_d*S_d, where S is the row-major strides of rows of P_1, ..., P_d samples. A
convolution of such arrays is the convolution along all axes, but for what wraps round: an output i_a that reaches P_a is
added to the next row. P is so large that this falls only on outputs outside the window that the mode keeps.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from longwing.scipy._arguments import Array, Mode


def row_length(n1: int, n2: int, mode: Mode) -> int:
    """Return P of an axis of n1 and n2 samples, the smallest one that keeps the mode's window clean."""
    if mode == "full":
        return n1 + n2 - 1
    if mode == "valid":
        return max(n1, n2)
    return max(n1 + n2 // 2, n2)


def flat_strides(lengths: Sequence[int]) -> list[int]:
    """Return S for the row lengths P_0, ..., P_d, of which P_0 does not matter."""
    return [math.prod(lengths[a + 1 :]) for a in range(len(lengths))]


def leading_zeros(sizes: Sequence[int], strides: Sequence[int]) -> int:
    """Return how many zeros before a flat filter make the flat "same" window begin where the windows of all axes do.

    The flat window begins at (F-1)//2 for F flat taps, that of an axis of n taps at (n-1)//2: half a stride less where n
    is even. With E the sum of those strides, E-1 leading zeros restore the balance.
    """
    return max(sum(stride for n, stride in zip(sizes, strides, strict=True) if n % 2 == 0) - 1, 0)


def corner(x: Array, sizes: Sequence[int]) -> Array:
    """Return the view of the first `sizes` samples along the last axes of `x`."""
    index: tuple[Any, ...] = (..., *(slice(n) for n in sizes))
    return np.asarray(x[index])


def flatten(x: Array, lengths: Sequence[int], zeros: int = 0) -> Array:
    """Return `x`, whose last axes are to become one, as (batch, samples), a view where nothing has to be padded."""
    axes = len(lengths)
    batch, sizes = x.shape[:-axes], x.shape[-axes:]
    last = sum((n - 1) * s for n, s in zip(sizes, flat_strides(lengths), strict=True))
    if not zeros and sizes[1:] == tuple(lengths[1:]):
        return x.reshape((*batch, -1))
    padded = np.zeros((*batch, zeros + sizes[0] * math.prod(lengths[1:])), x.dtype)
    rows = padded[..., zeros:].reshape((*batch, sizes[0], *lengths[1:]))
    corner(rows, sizes)[...] = x
    return padded[..., : zeros + last + 1]
