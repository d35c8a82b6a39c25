"""Checks of what a user passes to the butterfly modules."""

from __future__ import annotations

import math

import torch

from longwing._core import LongwingTypeError, LongwingValueError


def positive_int(value: int, name: str) -> int:
    """Return value; raise a longwing error unless it is an int >= 1."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise LongwingTypeError(f"{name} must be an int, got {value!r}")
    if value < 1:
        raise LongwingValueError(f"{name} must be at least 1, got {value}")
    return value


def probability(value: float, name: str) -> float:
    """Return value; raise LongwingValueError unless 0 <= value < 1."""
    if not 0 <= value < 1:
        raise LongwingValueError(f"{name} must be from 0 to below 1, got {value}")
    return float(value)


def learning_rate(value: float, name: str) -> float:
    """Return value; raise LongwingValueError unless it is positive and finite."""
    if not (value > 0 and math.isfinite(value)):
        raise LongwingValueError(f"{name} must be positive and finite, got {value}")
    return float(value)


def real_tensor(tensor: torch.Tensor, name: str, dtype: torch.dtype) -> None:
    """Raise LongwingTypeError unless `tensor` is a real tensor of `dtype`, or of any under autocast."""
    if not isinstance(tensor, torch.Tensor):
        raise LongwingTypeError(f"{name} must be a torch.Tensor, got {type(tensor).__name__}")
    if not tensor.is_floating_point():
        raise LongwingTypeError(f"{name} must be a real floating-point tensor, got {tensor.dtype}")
    if tensor.dtype != dtype and not torch.is_autocast_enabled(tensor.device.type):
        raise LongwingTypeError(f"{name} must have the module's dtype {dtype} outside autocast, got {tensor.dtype}")


def last_dimension(tensor: torch.Tensor, name: str, most: int, what: str) -> None:
    """Raise LongwingValueError unless the last dimension is there and from 1 to `most`, which is called `what`."""
    if tensor.ndim < 1 or not 1 <= tensor.shape[-1] <= most:
        shape = tuple(tensor.shape)
        raise LongwingValueError(f"{name}'s last dimension must be from 1 to {what}={most}, got shape {shape}")
