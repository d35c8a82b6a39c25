r"""Gradients of the gradients.

With x = v·u, z = A x (A the convolution with the filters k and r plus the product with skip d), y = q·act(z), the backward
operator computes, from dy,

    dz = dy·q·act'(z), dx = Aᵀ dz, du = v·dx, dv = u·dx, (dk, dr, dd) = the correlations of dz with x, dq = dy·act(z).

Let c be the cotangents of these six and S the scalar Σ c·gradient. As A is linear in (k, r, d), with B the same
operation on the filters (ck, cr, cd),

    S = <A cx + B x, dz> + <cq, dy·act(z)>,     cx = v·cu + u·cv,

whose derivatives are below. Convolutions, their transposes and pointwise operations are all there is in them, so
they can be differentiated again.
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


class _Activated(NamedTuple):
    """act(z) and its first two derivatives; without an activation they are z, 1 and 0, and the last two are None."""

    value: Maybe
    first: Maybe
    second: Maybe


def _activated(activation: Activation | None, z: Tensor) -> _Activated:
    if activation is None:
        return _Activated(z, None, None)
    if activation == "silu":
        s = torch.sigmoid(z)
        return _Activated(z * s, s * (1 + z * (1 - s)), s * (1 - s) * (2 + z * (1 - 2 * s)))
    density = torch.exp(-0.5 * z * z) * (1 / math.sqrt(2 * math.pi))
    share = 0.5 * (1 + torch.erf(z * math.sqrt(0.5)))
    return _Activated(z * share, share + z * density, density * (2 - z * z))


def _times(term: Maybe, *factors: Maybe) -> Maybe:
    """Return the product; an absent term is zero, an absent factor one."""
    for factor in factors:
        term = term if term is None or factor is None else term * factor
    return term


def _plus(*terms: Maybe) -> Maybe:
    """Return the sum; an absent term is zero."""
    present = [term for term in terms if term is not None]
    return sum(present[1:], present[0]) if present else None


def _wide(tensor: Maybe) -> Maybe:
    return tensor.float() if tensor is not None and tensor.dtype in (torch.float16, torch.bfloat16) else tensor


class _Filters(NamedTuple):
    k: Tensor
    r: Maybe
    d: Maybe


def _filter_cotangents(filters: _Filters, cotangents: Sequence[Maybe]) -> _Filters | None:
    """Return (ck, cr, cd), zeros for the absent ones of those that the filters have; None where all are absent."""
    if all(c is None for c in cotangents):
        return None
    k, r, d = (
        torch.zeros_like(f) if c is None and f is not None else c for f, c in zip(filters, cotangents, strict=True)
    )
    assert k is not None
    return _Filters(k, r, d)


def second_derivative(
    dy: Tensor,
    tensors: Sequence[Maybe],
    cotangents: Sequence[Maybe],
    activation: Activation | None,
    convolve: Convolve,
    transpose: Transpose,
) -> tuple[Maybe, ...]:
    """Return the gradients of S with respect to dy, u, k, r, d, v and q; None for zero.

    `tensors` and `cotangents` are in the order u, k, r, d, v, q; absent cotangents are zero. Halves are computed in
    float32, and each gradient has its tensor's dtype.
    """
    inputs = (dy, *tensors)
    dy, u, k, r, d, v, q = (_wide(t) for t in inputs)  # type: ignore[assignment]
    cu, ck, cr, cd, cv, cq = (_wide(c) for c in cotangents)
    assert u is not None
    assert k is not None
    filters = _Filters(k, r, d)
    shared_gate = q is not None and q.ndim < dy.ndim  # one for all filters of a bank
    gate, cgate = (t.unsqueeze(-3) if shared_gate and t is not None else t for t in (q, cq))

    x = u if v is None else v * u
    cx = _plus(_times(cu, v), None if cv is None else cv * u)
    cfilters = _filter_cotangents(filters, (ck, cr, cd))
    z = None if activation is None and cgate is None else convolve(x, *filters)
    act = _Activated(None, None, None) if z is None else _activated(activation, z)
    dz = _times(dy, gate, act.first)
    assert dz is not None

    s_dz = _plus(
        None if cx is None else convolve(cx, *filters),
        None if cfilters is None else convolve(x, *cfilters),
    )
    s_dy = _plus(_times(s_dz, gate, act.first), _times(cgate, act.value))
    s_gate = None if q is None else _times(s_dz, dy, act.first)
    s_z = _plus(None if act.second is None else _times(s_dz, dy, gate, act.second), _times(cgate, dy, act.first))

    dx, k_of_dz, r_of_dz, d_of_dz = (None,) * 4 if cx is None else transpose(dz, cx, *filters)
    x_of_z, k_of_z, r_of_z, d_of_z = (None,) * 4 if s_z is None else transpose(s_z, x, *filters)
    s_x = _plus(None if cfilters is None else transpose(dz, x, *cfilters)[0], x_of_z)
    results = (
        s_dy,
        _plus(_times(s_x, v), _times(dx, cv) if cv is not None else None),
        _plus(k_of_dz, k_of_z),
        _plus(r_of_dz, r_of_z),
        _plus(d_of_dz, d_of_z),
        None if v is None else _plus(_times(s_x, u), _times(dx, cu) if cu is not None else None),
        s_gate.sum(-3) if shared_gate and s_gate is not None else s_gate,
    )
    return tuple(
        result if result is None or tensor is None else result.to(tensor.dtype)
        for result, tensor in zip(results, inputs, strict=True)
    )
