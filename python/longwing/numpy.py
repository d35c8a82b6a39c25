"""The NumPy adapter."""

from __future__ import annotations

from typing import Any

import numpy

from longwing._arrays import Adapter
from longwing._core import LongwingTypeError

_DTYPES = {name: numpy.dtype(name) for name in ("float32", "float64", "float16")}


def _empty(like: Any, shape: tuple[int, ...], dtype: str) -> Any:
    return numpy.empty(shape, _DTYPES[dtype])


def _refuse_masked(array: Any, argument: str) -> Any:
    raise LongwingTypeError(
        f"{argument} must be an array without a mask, got numpy.ma.MaskedArray: call .filled(value) on it first"
    )


_NDARRAY = Adapter(name="NumPy", empty=_empty)
_MASKED = Adapter(name="NumPy", empty=_empty, prepare=_refuse_masked)


def adapter_of(cls: type) -> Adapter | None:
    """Return the adapter for `cls`, a subclass of numpy.ndarray; NumPy's scalars are no arrays."""
    if issubclass(cls, numpy.ma.MaskedArray):
        return _MASKED
    return _NDARRAY if issubclass(cls, numpy.ndarray) else None
