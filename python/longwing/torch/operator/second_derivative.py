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
    dy, u, k, r, d, v, q = (wide(t) for t in inputs)  # type: ignore[assignment]
    cu, ck, cr, cd, cv, cq = (wide(c) for c in cotangents)
    assert u is not None
    assert k is not None
    filters = Filters(k, r, d)
    shared_gate = q is not None and q.ndim < dy.ndim  # one for all filters of a bank
    gate, cgate = (t.unsqueeze(-3) if shared_gate and t is not None else t for t in (q, cq))

    x = u if v is None else v * u
    cx = plus(times(cu, v), None if cv is None else cv * u)
    cfilters = filled(filters, (ck, cr, cd))
    z = None if activation is None and cgate is None else convolve(x, *filters)
    act = Activated(None, None, None) if z is None else activated(activation, z)
    dz = times(dy, gate, act.first)
    assert dz is not None

    s_dz = plus(
        None if cx is None else convolve(cx, *filters),
        None if cfilters is None else convolve(x, *cfilters),
    )
    s_dy = plus(times(s_dz, gate, act.first), times(cgate, act.value))
    s_gate = None if q is None else times(s_dz, dy, act.first)
    s_z = plus(None if act.second is None else times(s_dz, dy, gate, act.second), times(cgate, dy, act.first))

    dx, k_of_dz, r_of_dz, d_of_dz = (None,) * 4 if cx is None else transpose(dz, cx, *filters)
    x_of_z, k_of_z, r_of_z, d_of_z = (None,) * 4 if s_z is None else transpose(s_z, x, *filters)
    s_x = plus(None if cfilters is None else transpose(dz, x, *cfilters)[0], x_of_z)
    results = (
        s_dy,
        plus(times(s_x, v), times(dx, cv) if cv is not None else None),
        plus(k_of_dz, k_of_z),
        plus(r_of_dz, r_of_z),
        plus(d_of_dz, d_of_z),
        None if v is None else plus(times(s_x, u), times(dx, cu) if cu is not None else None),
        s_gate.sum(-3) if shared_gate and s_gate is not None else s_gate,
    )
    return tuple(
        result if result is None or tensor is None else result.to(tensor.dtype)
        for result, tensor in zip(results, inputs, strict=True)
    )
