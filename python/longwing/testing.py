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
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from longwing._core import LongwingRuntimeError, LongwingTypeError, LongwingValueError
from longwing.plan import Gradients

if TYPE_CHECKING:
    from longwing._types import Activation, DTypeName, Mode, ReverseLag

__all__ = ["assert_close", "reference", "reference_gradients", "relative_l2", "tolerance"]

Floats = NDArray[np.floating[Any]]

_DIRECT_UP_TO = 2**13
_SPOT_CHECKS = 64


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


def tolerance(dtype: DTypeName | str, n: int) -> float:
    """Return the relative L2 error allowed to a result of `dtype` from a convolution over `n` samples.

    c · eps · max(1, log2 n) with the eps of the arithmetic, plus half an eps of `dtype` where results are rounded to a
    smaller type than they were computed in. Raises LongwingTypeError for a dtype that longwing has not.
    """
    name = str(dtype)
    if name not in _ACCURACY:
        raise LongwingTypeError(f"dtype must be one of {', '.join(_ACCURACY)}, got {name}")
    accuracy = _ACCURACY[name]
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
        error, size = _norm(a - e), _norm(e)
    if size == 0:
        return 0.0 if error == 0 else math.inf if error > 0 else math.nan
    return float(error / size)


def assert_close(actual: ArrayLike, expected: ArrayLike, *, dtype: DTypeName | str, n: int) -> None:
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
    is wider (the activations' exp and erf stay in float64). Raises LongwingValueError for a combination of arguments
    that is not supported.
    """
    problem = _Problem(
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

    One array for each argument that was given, of its shape, in :func:`reference`'s precision; None for the others.
    """
    problem = _Problem(
        u, k, mode, reverse_filter, reverse_lag, skip, pre_gate, post_gate, activation, filter_bank, wide
    )
    return problem.backward(dy)


class _Problem:
    """One call, converted and broadcast: rows (..., H, samples), with a bank (..., C or 1, H, samples)."""

    def __init__(
        self,
        u: ArrayLike,
        k: ArrayLike,
        mode: str,
        reverse_filter: ArrayLike | None,
        reverse_lag: str,
        skip: ArrayLike | None,
        pre_gate: ArrayLike | None,
        post_gate: ArrayLike | None,
        activation: str | None,
        filter_bank: bool,
        wide: bool,
    ) -> None:
        self.dtype: type[np.floating[Any]] = np.longdouble if wide else np.float64
        self.mode, self.activation, self.filter_bank = mode, activation, filter_bank
        self.u, self.k = self._converted(u), self._converted(k)
        self.reverse = None if reverse_filter is None else self._converted(reverse_filter)
        self.skip = None if skip is None else self._converted(skip)
        self.pre_gate = None if pre_gate is None else self._converted(pre_gate)
        self.post_gate = None if post_gate is None else self._converted(post_gate)
        self._check(reverse_lag)
        self.channels, self.length = self.u.shape[-2:]
        # Taps are laid out by lag: the one at index i has lag i - origin.
        shift = 1 if reverse_lag == "shifted" else 0
        self.origin = 0 if self.reverse is None else self.reverse.shape[-1] - 1 + shift
        self.taps = self._taps_by_lag()
        self.x = self._with_bank(self.u if self.pre_gate is None else self.pre_gate * self.u)
        self.gate = self._gate_with_bank()

    def forward(self) -> Floats:
        y = self._activated(self._sum())[0]
        return y if self.gate is None else y * self.gate

    def backward(self, dy: ArrayLike) -> Gradients:
        sums = self._sum()
        value, derivative = self._activated(sums)
        dvalue = self._converted(dy)
        if dvalue.shape != sums.shape:
            raise LongwingValueError(f"dy must have y's shape {sums.shape}, got {dvalue.shape}")
        dgate = dvalue * value
        if self.gate is not None:
            dvalue = dvalue * self.gate
        dsum = dvalue * derivative
        dlinear = self._part_adjoint(dsum)
        dx = _linear(dlinear, self.taps[..., ::-1])[..., self.taps.shape[-1] - 1 :][..., : self.length]
        dtaps = _linear(dlinear, self.x[..., ::-1])[..., self.length - 1 :][..., : self.taps.shape[-1]]
        if self.skip is not None:
            dx = dx + self.skip[:, None] * dsum
        dx = dx.sum(axis=-3) if self.filter_bank else dx
        dk, dreverse = self._taps_adjoint(dtaps)
        return Gradients(
            u=dx if self.pre_gate is None else dx * self.pre_gate,
            k=dk,
            reverse_filter=dreverse,
            skip=None if self.skip is None else _sum_to(dsum * self.x, (self.channels, 1))[:, 0],
            pre_gate=None if self.pre_gate is None else dx * self.u,
            post_gate=None if self.gate is None or self.post_gate is None
            else _sum_to(dgate, self.gate.shape).reshape(self.post_gate.shape),
        )

    def _converted(self, array: ArrayLike) -> Floats:
        return np.asarray(array).astype(self.dtype)

    def _check(self, reverse_lag: str) -> None:
        choices: tuple[tuple[str, object, tuple[object, ...]], ...] = (
            ("mode", self.mode, ("causal", "circular", "same", "full", "valid")),
            ("reverse_lag", reverse_lag, ("shifted", "overlapped")),
            ("activation", self.activation, (None, "gelu", "silu")),
            ("the rank of k", self.k.ndim, (3,) if self.filter_bank else (2, 3)),
        )
        for name, value, supported in choices:
            if value not in supported:
                raise LongwingValueError(f"{name} must be one of {supported}, got {value!r}")
        if self.reverse is not None and self.mode not in ("causal", "circular"):
            raise LongwingValueError(f"reverse_filter is supported in modes causal and circular, got mode={self.mode!r}")
        if self.skip is not None and self.mode in ("full", "valid"):
            raise LongwingValueError(f"skip is supported in modes causal, circular and same, got mode={self.mode!r}")

    def _with_bank(self, rows: Floats) -> Floats:
        return rows[..., None, :, :] if self.filter_bank else rows

    def _gate_with_bank(self) -> Floats | None:
        """post_gate, broadcast over the bank where it has no axis of its own for it."""
        if self.post_gate is None or self.post_gate.ndim > self.u.ndim:
            return self.post_gate
        return self._with_bank(self.post_gate)

    def _taps_by_lag(self) -> Floats:
        """The taps of every channel; where both filters have a tap of one lag, their sum."""
        taps = np.zeros((*self.k.shape[:-1], self.origin + self.k.shape[-1]), self.dtype)
        taps[..., self.origin :] = self.k
        if self.reverse is not None:
            taps[..., : self.reverse.shape[-1]] += self.reverse[..., ::-1]
        return np.repeat(taps, self.channels // self.k.shape[-2], axis=-2)

    def _taps_adjoint(self, dtaps: Floats) -> tuple[Floats, Floats | None]:
        """Gradients of k and of the reverse filter from those of every row's taps."""
        shared = _sum_to(dtaps, self.taps.shape)
        *leading, groups, _ = self.k.shape
        grouped = shared.reshape(*leading, groups, self.channels // groups, -1).sum(axis=-2)
        dreverse = None if self.reverse is None else grouped[..., : self.reverse.shape[-1]][..., ::-1]
        return grouped[..., self.origin :], dreverse

    def _sum(self) -> Floats:
        """The convolution and the skip term."""
        total = self._part(_linear(self.x, self.taps))
        return total if self.skip is None else total + self.skip[:, None] * self.x

    def _part(self, linear: Floats) -> Floats:
        """The samples of the linear convolution that the mode returns; circular ones folded."""
        if self.mode == "circular":
            before, after = self._fold_padding(linear.shape[-1])
            padding = [(0, 0)] * (linear.ndim - 1) + [(before, after)]
            periods = (before + linear.shape[-1] + after) // self.length  # -1 would be ambiguous in an empty batch
            folded: Floats = np.pad(linear, padding).reshape(*linear.shape[:-1], periods, self.length).sum(axis=-2)
            return folded
        begin, count = self._window()
        return linear[..., begin : begin + count]

    def _part_adjoint(self, dy: Floats) -> Floats:
        """The linear convolution's gradient from that of its part."""
        samples = self.length + self.taps.shape[-1] - 1
        if self.mode == "circular":
            before, after = self._fold_padding(samples)
            periods = (before + samples + after) // self.length
            return np.tile(dy, periods)[..., before : before + samples]
        begin, count = self._window()
        return np.pad(dy, [(0, 0)] * (dy.ndim - 1) + [(begin, samples - begin - count)])

    def _fold_padding(self, samples: int) -> tuple[int, int]:
        """Zeros before and after that make whole periods, with lag 0 of sample 0 at the start of one."""
        before = -self.origin % self.length
        return before, -(before + samples) % self.length

    def _window(self) -> tuple[int, int]:
        """First sample and number of samples of the linear convolution that the mode returns."""
        length, taps = self.length, self.k.shape[-1]
        return {
            "causal": (self.origin, length),
            "same": ((taps - 1) // 2, length),
            "full": (0, length + taps - 1),
            "valid": (min(length, taps) - 1, abs(length - taps) + 1),
        }[self.mode]

    def _activated(self, z: Floats) -> tuple[Floats, Floats]:
        """The activation and its derivative."""
        if self.activation == "gelu":
            phi = 0.5 * _erfc(-z / math.sqrt(2))
            return z * phi, phi + z * np.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
        if self.activation == "silu":
            with np.errstate(over="ignore"):
                sigmoid = 1 / (1 + np.exp(-z))
            return z * sigmoid, sigmoid * (1 + z * (1 - sigmoid))
        return z, np.ones_like(z)


def _linear(a: Floats, b: Floats) -> Floats:
    """The linear convolution of the last axes; leading axes broadcast."""
    shape = np.broadcast_shapes(a.shape[:-1], b.shape[:-1])
    samples = a.shape[-1] + b.shape[-1] - 1
    if math.prod(shape) == 0 or samples <= 2 * _DIRECT_UP_TO:
        return _direct(a, b, (*shape, samples))
    size = 1 << (samples - 1).bit_length()
    product = np.fft.rfft(a, size) * np.fft.rfft(b, size)
    linear: Floats = np.fft.irfft(product, size)[..., :samples]
    _spot_check(a, b, linear)
    return linear


def _direct(a: Floats, b: Floats, shape: tuple[int, ...]) -> Floats:
    """Sum by sum: every sample of the shorter one times the whole of the longer one, at its place."""
    longer, shorter = (a, b) if a.shape[-1] >= b.shape[-1] else (b, a)
    total = np.zeros(shape, a.dtype)
    for i in range(shorter.shape[-1]):
        total[..., i : i + longer.shape[-1]] += shorter[..., i : i + 1] * longer
    return total


def _spot_check(a: Floats, b: Floats, linear: Floats) -> None:
    """Compare samples drawn at random with their plain sums; an FFT that is off by more than rounding is an error."""
    draw = np.random.default_rng(linear.shape[-1])
    scale = _norm(a) * _norm(b)
    for t in draw.integers(0, linear.shape[-1], _SPOT_CHECKS):
        first, last = max(0, t - b.shape[-1] + 1), min(t, a.shape[-1] - 1)
        taps = b[..., t - last : t - first + 1][..., ::-1]
        off = np.abs((a[..., first : last + 1] * taps).sum(axis=-1) - linear[..., t])
        if not np.all(off <= 64 * np.finfo(a.dtype).eps * scale):
            raise LongwingRuntimeError(f"numpy.fft is off by {off.max():.3e} from the plain sum of sample {t}")


def _sum_to(array: Floats, shape: tuple[int, ...]) -> Floats:
    """The adjoint of broadcasting `shape` to the array's."""
    array = array.sum(axis=tuple(range(array.ndim - len(shape))))
    repeated = tuple(i for i, extent in enumerate(shape) if extent == 1 and array.shape[i] != 1)
    result: Floats = array.sum(axis=repeated, keepdims=True)
    return result


def _erfc(z: Floats) -> Floats:
    values = np.array([math.erfc(value) for value in z.ravel().tolist()], dtype=z.dtype)
    return values.reshape(z.shape)


def _wide(array: ArrayLike) -> Floats:
    return np.asarray(array).astype(np.longdouble)


def _norm(array: Floats) -> np.floating[Any]:
    """Euclidean norm over all elements, in longdouble."""
    norm: np.floating[Any] = np.sqrt(np.square(array.astype(np.longdouble)).sum())
    return norm
