"""Checks of the modules' and functions' arguments: each message names the argument, its value and what is supported."""

from __future__ import annotations

import math
import reprlib
from collections.abc import Sequence
from typing import Any, Literal

import torch

from longwing._core import LongwingTypeError, LongwingValueError

Layout = Literal["BHL", "BLH"]
LAYOUTS: tuple[Layout, ...] = ("BHL", "BLH")


def check_int(name: str, value: Any) -> int:
    """Return `value` if it is an int, or one of a compiler that is not known yet."""
    if not isinstance(value, (int, torch.SymInt)) or isinstance(value, bool):
        raise LongwingTypeError(f"{name} must be an int, got {_described(value)}")
    return value  # type: ignore[return-value]  # a compiler's integer stands for an int


def check_count(name: str, value: Any, least: int = 1) -> int:
    """Return `value` if it is an int of at least `least`."""
    if check_int(name, value) < least:
        raise LongwingValueError(f"{name} must be at least {least}, got {value}")
    return value  # type: ignore[no-any-return]


def check_number(name: str, value: Any) -> float:
    """Return `value` if it is a finite number of at least 0."""
    if not 0 <= _real(name, value) < math.inf:
        raise LongwingValueError(f"{name} must be finite and at least 0, got {value}")
    return value  # type: ignore[no-any-return]


def check_positive(name: str, value: Any) -> float:
    """Return `value` if it is a finite number above 0."""
    if not 0 < _real(name, value) < math.inf:
        raise LongwingValueError(f"{name} must be positive and finite, got {value}")
    return float(value)


def check_probability(name: str, value: Any) -> float:
    """Return `value` if it is a number from 0 to below 1."""
    if not 0 <= _real(name, value) < 1:
        raise LongwingValueError(f"{name} must be at least 0 and below 1, got {value}")
    return float(value)


def check_flag(name: str, value: Any) -> bool:
    """Return `value` if it is a bool."""
    if not isinstance(value, bool):
        raise LongwingTypeError(f"{name} must be True or False, got {_described(value)}")
    return value


def check_choice(name: str, value: Any, supported: Sequence[str]) -> None:
    """Raise unless `value` is one of `supported`."""
    if value not in supported:
        raise LongwingValueError(f"{name} must be one of {', '.join(map(repr, supported))}, got {value!r}")


def check_shape(shape: Any) -> tuple[int, ...]:
    """Return the extents of a filter's `shape`, two or more ints of at least 1."""
    if isinstance(shape, str) or not isinstance(shape, Sequence):
        raise LongwingTypeError(f"shape must be a sequence of ints, got {_described(shape)}")
    extents = tuple(check_count(f"shape[{axis}]", extent) for axis, extent in enumerate(shape))
    if len(extents) < 2:
        raise LongwingValueError(f"shape must be (..., H, K), got {extents}")
    return extents


def check_floating(name: str, tensor: Any) -> None:
    """Raise unless `tensor` is a tensor of real floating-point numbers."""
    if not isinstance(tensor, torch.Tensor):
        raise LongwingTypeError(f"{name} must be a torch.Tensor, got {type(tensor).__name__}")
    if not tensor.dtype.is_floating_point:
        raise LongwingTypeError(f"{name} must have a floating dtype, got {tensor.dtype}")


def check_integers(name: str, tensor: Any) -> None:
    """Raise unless `tensor` is a tensor of integers."""
    if not isinstance(tensor, torch.Tensor):
        raise LongwingTypeError(f"{name} must be a torch.Tensor of integers, got {type(tensor).__name__}")
    if not holds_integers(tensor):
        raise LongwingTypeError(f"{name} must have an integer dtype, got {tensor.dtype}")


def holds_integers(tensor: torch.Tensor) -> bool:
    """Say whether `tensor` has an integer dtype."""
    return not (tensor.dtype.is_floating_point or tensor.dtype.is_complex or tensor.dtype == torch.bool)


def check_dtype(name: str, tensor: Any, dtype: torch.dtype) -> None:
    """Raise unless `tensor` is a floating tensor of `dtype`, a module's, or of any floating dtype under autocast."""
    check_floating(name, tensor)
    if tensor.dtype != dtype and not torch.is_autocast_enabled(tensor.device.type):
        raise LongwingTypeError(f"{name} must have the module's dtype {dtype} outside autocast, got {tensor.dtype}")


def check_last_dimension(name: str, tensor: torch.Tensor, most: int, what: str) -> None:
    """Raise unless `tensor` has a last dimension from 1 to `most`, which is called `what`."""
    if tensor.ndim < 1 or not 1 <= tensor.shape[-1] <= most:
        shape = tuple(tensor.shape)
        raise LongwingValueError(f"{name}'s last dimension must be from 1 to {what}={most}, got shape {shape}")


def check_rows(u: Any, channels: int, layout: Layout) -> None:
    """Raise unless `u` is a floating tensor of rank 3 with `channels` where the layout has H."""
    check_floating("u", u)
    axis = layout.index("H")
    if u.ndim != 3 or u.shape[axis] != channels or u.shape[3 - axis] < 1:
        expected = ", ".join(f"H={channels}" if name == "H" else name for name in layout)
        raise LongwingValueError(f"u must have shape ({expected}) with L >= 1, got {tuple(u.shape)}")


def _real(name: str, value: Any) -> float:
    if not isinstance(value, (int, float, torch.SymInt, torch.SymFloat)) or isinstance(value, bool):
        raise LongwingTypeError(f"{name} must be a number, got {_described(value)}")
    return value  # type: ignore[return-value]  # a compiler's number stands for a float


def _described(value: Any) -> str:
    return f"{type(value).__name__} {reprlib.repr(value)}"
