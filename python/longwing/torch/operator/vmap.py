"""vmap: a call on mapped tensors as one call on tensors with one more dimension.

Tensors' own dimensions are those of one example; N is the number of examples. The first rule that fits serves:

1. Filters, reverse filters and skip are not mapped, nor are their gradients asked for: N is another leading dimension of u
   and y. Filters per sample do not allow this, since u must be of rank 3.
2. Filters alone are mapped: they are a filter bank, and u is read once.
3. Else N goes into the channels, (..., N·H, L), and into the groups, (..., N·G, K): group n·G + g serves the channels from
   n·H + g·H/G on, and filters shared, per sample and in banks stay what they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from longwing.torch.operator.fake import check_ranks
from longwing.torch.operator.schema import BACKWARD, FORWARD, LIBRARY, Options

Maybe = Tensor | None
Dims = Sequence[int | None]


def _leading(tensors: Sequence[Maybe], dims: Dims, count: int) -> list[Maybe]:
    """Return the tensors as (N, ...), repeated by a stride of 0 where they are not mapped."""
    return [
        tensor if tensor is None else tensor.expand(count, *tensor.shape) if dim is None else tensor.movedim(dim, 0)
        for tensor, dim in zip(tensors, dims, strict=True)
    ]


def _into_channels(tensors: Sequence[Maybe], dims: Dims, count: int) -> list[Maybe]:
    """Return (..., H, L) as (..., N·H, L), and skip, the only tensor of rank 1, as (N·H,)."""
    return [
        tensor if tensor is None else tensor.flatten() if tensor.ndim == 2 else tensor.movedim(0, -3).flatten(-3, -2)
        for tensor in _leading(tensors, dims, count)
    ]


def _per_sample(k: Tensor, dim: int | None, options: Options) -> bool:
    return not options.filter_bank and _rank(k, dim) == 3


def _rank(tensor: Tensor, dim: int | None) -> int:
    return tensor.ndim - (dim is not None)


def _check(u: Tensor, u_dim: int | None, k: Tensor, k_dim: int | None, options: Options) -> None:
    """Refuse the ranks of one example that the operator would refuse, before dimensions are moved."""
    example = [t if dim is None else t.select(dim, 0) for t, dim in ((u, u_dim), (k, k_dim))]
    check_ranks(example[0], example[1], options.filter_bank)


def _forward(info: Any, in_dims: Dims, *arguments: Any) -> tuple[Tensor, int]:
    tensors, dims, options = arguments[:6], in_dims[:6], Options(*arguments[6:])
    count, k = info.batch_size, tensors[1]
    _check(tensors[0], dims[0], k, dims[1], options)
    u_dim, k_dim, r_dim, d_dim, v_dim, q_dim = dims
    if k_dim is r_dim is d_dim is None and not _per_sample(k, None, options):
        u, v, q = _leading([tensors[0], *tensors[4:]], [u_dim, v_dim, q_dim], count)
        return FORWARD(u, k, tensors[2], tensors[3], v, q, *options), 0
    if u_dim is d_dim is v_dim is q_dim is None and _rank(k, k_dim) == 2:
        bank = _leading(tensors[1:3], dims[1:3], count)
        y = FORWARD(tensors[0], *bank, *tensors[3:], *options._replace(filter_bank=True))
        return y, y.ndim - 3
    y = FORWARD(*_into_channels(tensors, dims, count), *options)
    y = y.unflatten(-2, (count, y.shape[-2] // count))
    return y, y.ndim - 3


def _filters_matter(tensors: Sequence[Maybe], dims: Dims, options: Options, wanted: Sequence[bool]) -> bool:
    """Tell whether examples differ in a filter, a reverse filter, a skip or one of their gradients."""
    k = tensors[1]
    assert k is not None
    mapped = any(dim is not None for dim in dims[1:4])
    return mapped or any(wanted[1:4]) or _per_sample(k, dims[1], options)


def _backward(info: Any, in_dims: Dims, *arguments: Any) -> tuple[Any, Any]:
    dy, *tensors = arguments[:7]
    options, wanted = Options(*arguments[7:-1]), arguments[-1]
    dims, count = in_dims[:7], info.batch_size
    _check(tensors[0], dims[1], tensors[1], dims[2], options)
    present = [is_wanted and tensor is not None for is_wanted, tensor in zip(wanted, tensors, strict=True)]
    if not _filters_matter(tensors, dims[1:], options, present):
        dy, u, v, q = _leading([dy, tensors[0], *tensors[4:]], [*dims[:2], *dims[5:]], count)
        gradients = BACKWARD(dy, u, *tensors[1:4], v, q, *options, wanted)
        return gradients, tuple(0 if is_present else None for is_present in present)
    gradients = BACKWARD(*_into_channels([dy, *tensors], dims, count), *options, wanted)
    unfolded, out_dims = [], []
    for gradient, is_present in zip(gradients, present, strict=True):
        axis = max(gradient.ndim - 2, 0)
        unfolded.append(gradient.unflatten(axis, (count, gradient.shape[axis] // count)) if is_present else gradient)
        out_dims.append(axis if is_present else None)
    return tuple(unfolded), tuple(out_dims)


torch.library.register_vmap("longwing::long_conv", _forward, lib=LIBRARY)
torch.library.register_vmap("longwing::long_conv_backward", _backward, lib=LIBRARY)
