"""The adapter for every other library of the Python array API standard: CuPy, array-api-strict and those to come."""

from __future__ import annotations

import importlib
from typing import Any

from longwing._arrays import Adapter


def _empty(like: Any, shape: tuple[int, ...], dtype: str) -> Any:
    namespace = like.__array_namespace__()
    return namespace.empty(shape, dtype=getattr(namespace, dtype), device=like.device)


def _empty_cupy(like: Any, shape: tuple[int, ...], dtype: str) -> Any:
    namespace = like.__array_namespace__()
    with like.device:  # CuPy's creation functions take the current device, not an argument
        return namespace.empty(shape, dtype=getattr(namespace, dtype))


def _stream_cupy(array: Any) -> int:
    cuda = importlib.import_module("cupy").cuda
    with array.device:  # the current stream is one of the current device
        handle: int = cuda.get_current_stream().ptr
    return handle


def adapter_of(cls: type) -> Adapter | None:
    """Return the adapter for `cls`, or None where it does not follow the standard and so can't make a result."""
    if not hasattr(cls, "__array_namespace__"):
        return None
    library = cls.__module__.partition(".")[0]
    if library == "cupy":
        return Adapter(name=library, empty=_empty_cupy, stream=_stream_cupy)
    return Adapter(name=library, empty=_empty)
