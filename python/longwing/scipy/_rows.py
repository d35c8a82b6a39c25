"""Rows of real samples: one call of long_conv for any batch that broadcasts."""

from __future__ import annotations

import math

import numpy as np

from longwing.conv import long_conv
from longwing.scipy._arguments import MODES, Array, Mode

FLOATS = frozenset({np.dtype(np.float32), np.dtype(np.float64)})
"""What long_conv computes in."""


def convolve_pair(in1: object, in2: object, mode: object) -> Array | None:
    """Convolve two rows that can go to long_conv as they are; return None for anything else."""
    if type(in1) is not np.ndarray or type(in2) is not np.ndarray or mode not in MODES:
        return None
    dtype = in1.dtype
    if in1.ndim != 1 or in2.ndim != 1 or dtype is not in2.dtype or dtype not in FLOATS:
        return None
    if not (in1.size and in2.size and _exports(in1) and _exports(in2)):
        return None
    if in1.size < in2.size and mode != "same":
        in1, in2 = in2, in1
    row: Array = long_conv(in1[None], in2[None], mode=mode)[0]  # type: ignore[arg-type]
    return row


def _exports(x: Array) -> bool:
    return x.flags.aligned and not any(stride % x.itemsize for stride in x.strides)


def convolve_rows(u: Array, k: Array, mode: Mode, out: Array) -> None:
    """Write into `out` (batch, M) the convolution of `u` (batch, L) with `k` (batch, K) along the last axis.

    float32 or float64, u and out the same; the batch dimensions of u and k broadcast to those of out. Any strides.
    """
    if mode != "same" and (k.shape[-1], k.size) > (u.shape[-1], u.size):
        u, k = k, u  # long_conv is fastest with the longer one as the signal; only "same" is not commutative
    u, k = (x if _exports(x) else x.copy() for x in (u, k))
    batch = range(u.ndim - 1)
    signal = [i for i in batch if k.shape[i] == 1 != u.shape[i]]
    bank = [i for i in batch if u.shape[i] == 1 != k.shape[i]]
    shared = [i for i in batch if i not in signal and i not in bank]
    order = (*signal, *bank, *shared, u.ndim - 1)

    lead = tuple(u.shape[i] for i in signal)
    channels = math.prod(u.shape[i] for i in shared)
    filters = (math.prod(k.shape[i] for i in bank),) if bank else ()
    rows = () if channels == 1 and lead and not bank else (channels,)  # the last signal dimension is H, with one filter
    target = out.transpose(order)
    merged = target.reshape((*lead, *filters, *rows, out.shape[-1]))
    long_conv(
        u.transpose(order).reshape((*lead, *rows, u.shape[-1])),
        k.transpose(order).reshape((*filters, channels, k.shape[-1])),
        mode=mode,
        filter_bank=bool(bank),
        out=merged,
    )
    if not np.may_share_memory(merged, out):  # dimensions of out that no stride can merge
        target[...] = merged.reshape(target.shape)
