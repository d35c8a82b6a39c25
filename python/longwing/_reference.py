"""The operation by its definition, and its gradients, on NumPy arrays."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from longwing._core import LongwingRuntimeError, LongwingTypeError, LongwingValueError
from longwing.plan import Gradients

Floats = NDArray[np.floating[Any]]

_DIRECT_UP_TO = 2**13
_SPOT_CHECKS = 64


class Problem:
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
        self.u, self.k = self._converted("u", u), self._converted("k", k)
        self.reverse = None if reverse_filter is None else self._converted("reverse_filter", reverse_filter)
        self.skip = None if skip is None else self._converted("skip", skip)
        self.pre_gate = None if pre_gate is None else self._converted("pre_gate", pre_gate)
        self.post_gate = None if post_gate is None else self._converted("post_gate", post_gate)
        self._check(reverse_lag)
        self._check_filters()
        self.channels, self.length = self.u.shape[-2:]
        # Taps are laid out by lag: the one at index i has lag i - origin.
        shift = 1 if reverse_lag == "shifted" else 0
        self.origin = 0 if self.reverse is None else self.reverse.shape[-1] - 1 + shift
        self._check_others()
        self.taps = self._taps_by_lag()
        self.x = self._with_bank(self.u if self.pre_gate is None else self.pre_gate * self.u)
        self.gate = self._gate_with_bank()

    def forward(self) -> Floats:
        y = self._activated(self._sum())[0]
        return y if self.gate is None else y * self.gate

    def backward(self, dy: ArrayLike) -> Gradients:
        dvalue = self._converted("dy", dy)
        sums = self._sum()
        value, derivative = self._activated(sums)
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

    def _converted(self, name: str, array: ArrayLike) -> Floats:
        try:
            values = np.asarray(array)
            if values.dtype.kind not in "cOSUmM":  # NumPy would drop imaginary parts, read digits and count days
                return values.astype(self.dtype)
        except (TypeError, ValueError) as error:
            message = f"{name} must be an array of real numbers, got {type(array).__name__}: {error}"
            raise LongwingTypeError(message) from error
        raise LongwingTypeError(f"{name} must be an array of real numbers, got dtype {values.dtype}")

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

    def _check_filters(self) -> None:
        """Ranks and extents of u, k and the reverse filter."""
        u, k = self.u.shape, self.k.shape
        if len(u) < 2 or min(u[-2:]) < 1:
            raise LongwingValueError(f"u must have shape (..., H, L) with H and L of at least 1, got {u}")
        if min(k[-2:]) < 1 or u[-2] % k[-2]:
            raise LongwingValueError(f"k must have at least one tap and groups that divide u's {u[-2]} channels, got {k}")
        if len(k) == 3 and not self.filter_bank and (len(u) != 3 or u[0] != k[0]):
            raise LongwingValueError(f"u must have shape ({k[0]}, H, L) with filters for {k[0]} samples, got {u}")
        if self.reverse is not None and (self.reverse.shape[:-1] != k[:-1] or self.reverse.shape[-1] < 1):
            expected = ", ".join(map(str, (*k[:-1], "R >= 1")))
            raise LongwingValueError(f"reverse_filter must have shape ({expected}), got {self.reverse.shape}")

    def _check_others(self) -> None:
        """Shapes of skip and gates: nothing is broadcast but a post_gate over a filter bank."""
        *batch, channels, length = self.u.shape
        row = channels, length if self.mode == "circular" else self._window()[1]
        bank = self.k.shape[:1] if self.filter_bank else ()
        y = (*batch, *bank, *row)
        for name, array, supported in (
            ("skip", self.skip, [(channels,)]),
            ("pre_gate", self.pre_gate, [self.u.shape]),
            ("post_gate", self.post_gate, [y, (*batch, *row)]),
        ):
            if array is not None and array.shape not in supported:
                raise LongwingValueError(f"{name} must have shape {supported[0]}, got {array.shape}")

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
    scale = euclidean_norm(a) * euclidean_norm(b)
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


def euclidean_norm(array: Floats) -> np.floating[Any]:
    """Euclidean norm over all elements, in longdouble."""
    norm: np.floating[Any] = np.sqrt(np.square(array.astype(np.longdouble)).sum())
    return norm
