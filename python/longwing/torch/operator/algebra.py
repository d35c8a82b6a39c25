"""What the formulas of derivatives are made of: sums and products with absent terms, activations, the linear operation.

A stands for the linear part of the operation, z = A x: the convolution with the filters k and r plus the product with
skip d.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from longwing._types import Activation

Maybe = Tensor | None
Convolve = Callable[[Tensor, Tensor, Maybe, Maybe], Tensor]
"""(x, k, r, d) -> A x."""
Transpose = Callable[[Tensor, Tensor, Tensor, Maybe, Maybe], tuple[Maybe, Maybe, Maybe, Maybe]]
"""(dz, x, k, r, d) -> Aᵀ dz and the gradients of k, r and d."""


class Activated(NamedTuple):
    """act(z) and its first two derivatives; without an activation they are z, 1 and 0, and the last two are None."""

    value: Maybe
    first: Maybe
    second: Maybe


def activated(activation: Activation | None, z: Tensor) -> Activated:
    """Return the activation of z and its derivatives, themselves differentiable."""
    if activation is None:
        return Activated(z, None, None)
    if activation == "silu":
        s = torch.sigmoid(z)
        return Activated(z * s, s * (1 + z * (1 - s)), s * (1 - s) * (2 + z * (1 - 2 * s)))
    density = torch.exp(-0.5 * z * z) * (1 / math.sqrt(2 * math.pi))
    share = 0.5 * (1 + torch.erf(z * math.sqrt(0.5)))
    return Activated(z * share, share + z * density, density * (2 - z * z))


def times(term: Maybe, *factors: Maybe) -> Maybe:
    """Return the product; an absent term is zero, an absent factor one."""
    for factor in factors:
        term = term if term is None or factor is None else term * factor
    return term


def plus(*terms: Maybe) -> Maybe:
    """Return the sum; an absent term is zero."""
    present = [term for term in terms if term is not None]
    return sum(present[1:], present[0]) if present else None


def wide(tensor: Maybe) -> Maybe:
    """Return a half as float32, and any other tensor as it is."""
    return tensor.float() if tensor is not None and tensor.dtype in (torch.float16, torch.bfloat16) else tensor


class Filters(NamedTuple):
    """What A is linear in: the filters k and r and the skip d."""

    k: Tensor
    r: Maybe
    d: Maybe


def filled(filters: Filters, directions: Sequence[Maybe]) -> Filters | None:
    """Return directions of k, r and d, zeros for the absent ones that the filters have; None where all are absent."""
    if all(direction is None for direction in directions):
        return None
    k, r, d = (
        torch.zeros_like(filter_) if direction is None and filter_ is not None else direction
        for filter_, direction in zip(filters, directions, strict=True)
    )
    assert k is not None
    return Filters(k, r, d)
