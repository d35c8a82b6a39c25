"""The oracle and the error metric: what a result of longwing is judged by. Needs NumPy.

:func:`reference` and :func:`reference_gradients` compute the operation of :func:`longwing.long_conv` by its definition, in
float64 or in longdouble. :func:`relative_l2` measures a result against them, :func:`tolerance` says how large the error may
be, and :func:`assert_close` puts the two together.

Every mode is the same three steps: taps are laid out by their lag, the linear convolution with them is computed, and a
part of it is returned. Up to 2^13 samples the linear convolution is the plain sum of products. Above, it comes from
``numpy.fft`` and 64 of its samples, drawn at random, are compared with the plain sum.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from longwing._core import LongwingValueError
from longwing._dtypes import DTypeLike, dtype_name
from longwing._reference import Floats, Problem, euclidean_norm
from longwing.plan import Gradients

if TYPE_CHECKING:
    from longwing._types import Activation, Mode, ReverseLag

__all__ = ["assert_close", "reference", "reference_gradients", "relative_l2", "tolerance"]

class _Accuracy(NamedTuple):
    """Error allowed to a dtype: `storing` for rounding the result, `computing` times log2 n for the arithmetic."""

    storing: float
    computing: float


# A rounding to nearest is off by eps/2 at most; c = 1 in c·eps·log2 n. Half types are computed in float32.
_ACCURACY = {
    "float64": _Accuracy(0.0, 2.0**-52),
    "float32": _Accuracy(0.0, 2.0**-23),
    "float16": _Accuracy(0.5 * 2.0**-10, 2.0**-23),
    "bfloat16": _Accuracy(0.5 * 2.0**-7, 2.0**-23),
}


def tolerance(dtype: DTypeLike | str, n: int) -> float:
    """Return the relative L2 error allowed to a result of `dtype` from a convolution over `n` samples.

    c · eps · max(1, log2 n) with the eps of the arithmetic, plus half an eps of `dtype` where results are rounded to a
    smaller type than they were computed in. `dtype` is a name or a library's dtype of that name, such as np.float32 or
    torch.float32. Raises LongwingTypeError for a dtype that longwing has not.
    """
    accuracy = _ACCURACY[dtype_name(dtype)]
    return accuracy.storing + accuracy.computing * max(1.0, math.log2(max(n, 1)))


def relative_l2(actual: ArrayLike, expected: ArrayLike) -> float:
    """Return ‖actual - expected‖ / ‖expected‖ over all elements, computed in longdouble.

    0 where both are zero or empty, infinity where only `expected` is zero, NaN where either holds a NaN. Raises
    LongwingValueError where the shapes differ.
    """
    a, e = _wide(actual), _wide(expected)
    if a.shape != e.shape:
        raise LongwingValueError(f"actual must have expected's shape {e.shape}, got {a.shape}")
    with np.errstate(invalid="ignore", over="ignore"):
        error, size = euclidean_norm(a - e), euclidean_norm(e)
    if size == 0:
        return 0.0 if error == 0 else math.inf if error > 0 else math.nan
    return float(error / size)


def assert_close(actual: ArrayLike, expected: ArrayLike, *, dtype: DTypeLike | str, n: int) -> None:
    """Raise AssertionError unless relative_l2(actual, expected) <= tolerance(dtype, n).

    The message gives the error, what is allowed, and the element that is farthest off. A NaN is never close.
    """
    a, e = _wide(actual), _wide(expected)
    if a.shape != e.shape:
        raise AssertionError(f"shapes differ: actual {a.shape}, expected {e.shape}")
    error, allowed = relative_l2(a, e), tolerance(dtype, n)
    if error <= allowed:
        return
    with np.errstate(invalid="ignore"):
        distance = np.abs(a - e)
    worst = np.unravel_index(int(np.argmax(np.where(np.isnan(distance), np.inf, distance))), distance.shape)
    raise AssertionError(
        f"relative L2 error {error:.3e} is above {allowed:.3e}, allowed for {dtype} and n = {n}; farthest off at "
        f"{tuple(int(i) for i in worst)}: actual {a[worst]:.9g}, expected {e[worst]:.9g}"
    )


def reference(
    u: ArrayLike,
    k: ArrayLike,
    *,
    mode: Mode = "causal",
    reverse_filter: ArrayLike | None = None,
    reverse_lag: ReverseLag = "shifted",
    skip: ArrayLike | None = None,
    pre_gate: ArrayLike | None = None,
    post_gate: ArrayLike | None = None,
    activation: Activation | None = None,
    filter_bank: bool = False,
    wide: bool = False,
) -> Floats:
    """Return what :func:`longwing.long_conv` of the same arguments approximates.

    Shapes are those of ``long_conv``; anything that ``numpy.asarray`` takes is converted without rounding. The result is
    float64, or, with `wide`, longdouble from longdouble sums: for judging float64 results on platforms where longdouble
    is wider (the activations' exp and erf stay in float64). Raises LongwingValueError for a shape, mode or combination of
    arguments that ``long_conv`` refuses, LongwingTypeError for what is no array of real numbers; real dtypes may differ.
    """
    problem = Problem(
        u, k, mode, reverse_filter, reverse_lag, skip, pre_gate, post_gate, activation, filter_bank, wide
    )
    return problem.forward()


def reference_gradients(
    dy: ArrayLike,
    u: ArrayLike,
    k: ArrayLike,
    *,
    mode: Mode = "causal",
    reverse_filter: ArrayLike | None = None,
    reverse_lag: ReverseLag = "shifted",
    skip: ArrayLike | None = None,
    pre_gate: ArrayLike | None = None,
    post_gate: ArrayLike | None = None,
    activation: Activation | None = None,
    filter_bank: bool = False,
    wide: bool = False,
) -> Gradients:
    """Return the gradients of a scalar whose gradient with respect to ``long_conv`` of the same arguments is `dy`.

    One array for each argument that was given, of its shape, in :func:`reference`'s precision; None for the others. Errors
    are those of :func:`reference`; a `dy` that has not y's shape is a LongwingValueError.
    """
    problem = Problem(
        u, k, mode, reverse_filter, reverse_lag, skip, pre_gate, post_gate, activation, filter_bank, wide
    )
    return problem.backward(dy)


def _wide(array: ArrayLike) -> Floats:
    return np.asarray(array).astype(np.longdouble)
