"""Checks of the modules' arguments: each message names the argument, its value and what is supported."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import torch

from longwing._core import LongwingTypeError, LongwingValueError

Layout = Literal["BHL", "BLH"]
LAYOUTS: tuple[Layout, ...] = ("BHL", "BLH")


def check_count(name: str, value: Any, least: int = 1) -> int:
    """Return `value` if it is an int of at least `least`, or one of a compiler that is not known yet."""
    if not isinstance(value, (int, torch.SymInt)) or isinstance(value, bool):
        raise LongwingTypeError(f"{name} must be an int, got {type(value).__name__}")
    if value < least:
        raise LongwingValueError(f"{name} must be at least {least}, got {value}")
    return value  # type: ignore[return-value]  # a compiler's integer stands for an int


def check_number(name: str, value: Any) -> float:
    """Return `value` if it is a finite number of at least 0."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise LongwingTypeError(f"{name} must be a number, got {type(value).__name__}")
    if not 0 <= value < float("inf"):
        raise LongwingValueError(f"{name} must be finite and at least 0, got {value}")
    return value


def check_probability(name: str, value: Any) -> float:
    """Return `value` if it is a number from 0 to below 1."""
    if check_number(name, value) >= 1:
        raise LongwingValueError(f"{name} must be at least 0 and below 1, got {value}")
    return float(value)


def check_choice(name: str, value: Any, supported: Sequence[str]) -> None:
    """Raise unless `value` is one of `supported`."""
    if value not in supported:
        raise LongwingValueError(f"{name} must be one of {', '.join(map(repr, supported))}, got {value!r}")


def check_rows(u: Any, channels: int, layout: Layout) -> None:
    """Raise unless `u` is a floating tensor of rank 3 with `channels` where the layout has H."""
    if not isinstance(u, torch.Tensor):
        raise LongwingTypeError(f"u must be a torch.Tensor, got {type(u).__name__}")
    if not u.dtype.is_floating_point:
        raise LongwingTypeError(f"u must have a floating dtype, got {u.dtype}")
    axis = layout.index("H")
    if u.ndim != 3 or u.shape[axis] != channels or u.shape[3 - axis] < 1:
        expected = ", ".join(f"H={channels}" if name == "H" else name for name in layout)
        raise LongwingValueError(f"u must have shape ({expected}) with L >= 1, got {tuple(u.shape)}")
