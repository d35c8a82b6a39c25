r"""Forward-mode derivatives: of the operation, and of its gradients.

t marks the derivative in a given direction of all inputs. With x = v·u, z = A x, y = q·act(z) and B the operation A on
the directions (tk, tr, td) of the filters:

    tx = v·tu + tv·u,  tz = A tx + B x,  ty = q·act'(z)·tz + tq·act(z).

For the gradients, with dz = dy·q·act'(z) and dx = Aᵀ dz, of which du = v·dx, dv = u·dx, the filters' gradients are the
correlations of dz with x and dq = dy·act(z), the derivatives follow by the product rule.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from longwing._types import Activation
from longwing.torch.operator.algebra import (
    Activated,
    Convolve,
    Filters,
    Maybe,
    Transpose,
    activated,
    filled,
    plus,
    times,
    wide,
)


def _gates(q: Maybe, tq: Maybe, rank: int) -> tuple[Maybe, Maybe]:
    """Return the gate and its direction with the rank of y: one gate may serve all filters of a bank."""
    shared = q is not None and q.ndim < rank
    gate, tgate = (t.unsqueeze(-3) if shared and t is not None else t for t in (q, tq))
    return gate, tgate


def forward_tangent(
    tensors: Sequence[Maybe], tangents: Sequence[Maybe], filter_bank: bool, activation: Activation | None,
    convolve: Convolve,
) -> Maybe:  # fmt: skip
    """Return ty in u's dtype; None for zero. Both sequences are in the order u, k, r, d, v, q."""
    u, k, r, d, v, q = (wide(t) for t in tensors)
    tu, tk, tr, td, tv, tq = (wide(t) for t in tangents)
    assert u is not None
    assert k is not None
    filters = Filters(k, r, d)
    x = u if v is None else v * u
    tx, tfilters = plus(times(tu, v), times(tv, u)), filled(filters, (tk, tr, td))
    tz = plus(None if tx is None else convolve(tx, *filters), None if tfilters is None else convolve(x, *tfilters))
    gate, tgate = _gates(q, tq, u.ndim + filter_bank)
    act = Activated(None, None, None)
    if activation is not None or tgate is not None:
        act = activated(activation, convolve(x, *filters))
    result, like = plus(times(tz, gate, act.first), times(tgate, act.value)), tensors[0]
    return result if result is None or like is None else result.to(like.dtype)


def gradient_tangents(
    dy: Tensor,
    dy_tangent: Maybe,
    tensors: Sequence[Maybe],
    tangents: Sequence[Maybe],
    activation: Activation | None,
    convolve: Convolve,
    transpose: Transpose,
) -> tuple[Maybe, ...]:
    """Return the derivatives of the gradients of u, k, r, d, v and q, each in its tensor's dtype; None for zero."""
    e, te = wide(dy), wide(dy_tangent)
    u, k, r, d, v, q = (wide(t) for t in tensors)
    tu, tk, tr, td, tv, tq = (wide(t) for t in tangents)
    assert e is not None
    assert u is not None
    assert k is not None
    filters = Filters(k, r, d)
    gate, tgate = _gates(q, tq, e.ndim)
    x = u if v is None else v * u
    tx, tfilters = plus(times(tu, v), times(tv, u)), filled(filters, (tk, tr, td))
    act, tz = Activated(None, None, None), None
    if activation is not None or gate is not None:
        act = activated(activation, convolve(x, *filters))
        tz = plus(None if tx is None else convolve(tx, *filters), None if tfilters is None else convolve(x, *tfilters))

    dz = times(e, gate, act.first)
    assert dz is not None
    tdz = plus(
        times(te, gate, act.first),
        None if tgate is None else times(e, tgate, act.first),
        None if act.second is None else times(tz, e, gate, act.second),
    )
    tdx, tdk, tdr, tdd = (None,) * 4 if tdz is None else transpose(tdz, x, *filters)
    dx, k_of_tx, r_of_tx, d_of_tx = (None,) * 4 if tx is None else transpose(dz, tx, *filters)
    tdx = plus(tdx, None if tfilters is None else transpose(dz, x, *tfilters)[0])
    tdq = None if q is None else plus(times(te, act.value), times(tz, e, act.first))
    results = (
        plus(times(tdx, v), times(tv, dx)),
        plus(tdk, k_of_tx),
        plus(tdr, r_of_tx),
        plus(tdd, d_of_tx),
        None if v is None else plus(times(tdx, u), times(tu, dx)),
        tdq.sum(-3) if tdq is not None and q is not None and q.ndim < e.ndim else tdq,
    )
    return tuple(
        result if result is None or tensor is None else result.to(tensor.dtype)
        for result, tensor in zip(results, tensors, strict=True)
    )
