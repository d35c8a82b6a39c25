"""Checks of arguments, in scipy's order and with scipy's words first, and the part of the result that a mode keeps."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from longwing._core import LongwingValueError

Array: TypeAlias = NDArray[Any]
Mode = Literal["full", "valid", "same"]
Method = Literal["auto", "direct", "fft"]
MODES = ("full", "valid", "same")
METHODS = ("auto", "direct", "fft")


def check_mode(mode: object) -> None:
    """Refuse what is no mode."""
    if mode not in MODES:
        raise LongwingValueError(f"acceptable mode flags are 'valid', 'same', or 'full', got mode={mode!r}")


def check_method(method: object) -> None:
    """Refuse what is no method."""
    if method not in METHODS:
        raise LongwingValueError(f"acceptable method flags are 'auto', 'direct', or 'fft', got method={method!r}")


def check_rank(in1: Array, in2: Array) -> None:
    """Refuse inputs of different numbers of dimensions."""
    if in1.ndim != in2.ndim:
        raise LongwingValueError(
            f"in1 and in2 should have the same dimensionality, got {in1.ndim} and {in2.ndim} dimensions"
        )


def check_valid(mode: object, shape1: Sequence[int], shape2: Sequence[int], axes: Iterable[int]) -> None:
    """Refuse, in mode "valid", inputs of which neither contains the other along `axes`."""
    if mode != "valid":
        return
    differences = [shape1[a] - shape2[a] for a in axes]
    if any(d < 0 for d in differences) and any(d > 0 for d in differences):
        raise LongwingValueError(
            "For 'valid' mode, one must be at least as large as the other in every dimension, "
            f"got in1 of shape {tuple(shape1)} and in2 of shape {tuple(shape2)}"
        )


def convolved_axes(in1: Array, in2: Array, axes: int | Iterable[int] | None) -> list[int]:
    """Return the axes to convolve along: those of `axes` (None: all) that have more than one sample in both inputs."""
    rank = in1.ndim
    chosen = range(rank) if axes is None else _normalized(axes, rank)
    kept = [a for a in chosen if in1.shape[a] != 1 and in2.shape[a] != 1]
    for a in range(rank):
        n1, n2 = in1.shape[a], in2.shape[a]
        if a not in kept and n1 != n2 and n1 != 1 and n2 != 1:
            raise LongwingValueError(
                f"incompatible shapes for in1 and in2: {in1.shape} and {in2.shape}; axis {a} is not convolved along "
                "and must be of equal length in both or of length 1 in one"
            )
    return kept


def _normalized(axes: int | Iterable[int], rank: int) -> list[int]:
    try:
        indices = [operator.index(a) for a in (axes if isinstance(axes, Iterable) else (axes,))]
    except TypeError as error:
        raise LongwingValueError(f"axes must be a scalar or iterable of integers, got axes={axes!r}") from error
    indices = [a + rank if a < 0 else a for a in indices]
    if any(not 0 <= a < rank for a in indices):
        raise LongwingValueError(f"axes exceeds dimensionality of input, got axes={axes!r} for {rank} dimensions")
    if len(set(indices)) != len(indices):
        raise LongwingValueError(f"all axes must be unique, got axes={axes!r}")
    if not indices:
        raise LongwingValueError("when provided, axes cannot be empty: None stands for all of them")
    return indices


def window(n1: int, n2: int, mode: Mode) -> tuple[int, int]:
    """Return (start, size) of what `mode` keeps of the n1+n2-1 samples of a full convolution."""
    if mode == "full":
        return 0, n1 + n2 - 1
    if mode == "same":
        return (n2 - 1) // 2, n1
    return min(n1, n2) - 1, abs(n1 - n2) + 1


def result_shape(in1: Array, in2: Array, mode: Mode, axes: Sequence[int]) -> tuple[int, ...]:
    """Return the result's shape: windows along `axes`, broadcast elsewhere."""
    pairs = enumerate(zip(in1.shape, in2.shape, strict=True))
    return tuple(window(n1, n2, mode)[1] if a in axes else np.broadcast_shapes((n1,), (n2,))[0] for a, (n1, n2) in pairs)


def cut_to_first(in1: Array, in2: Array, axes: Sequence[int]) -> Array:
    """Return the part of `in2` that mode "same" keeps where it is broadcast: the centre, of in1's single sample."""
    keep = [slice(None)] * in2.ndim
    for a, (n1, n2) in enumerate(zip(in1.shape, in2.shape, strict=True)):
        if a not in axes and n1 == 1:
            keep[a] = slice((n2 - 1) // 2, (n2 - 1) // 2 + 1)
    return in2[tuple(keep)]
