"""The adapter for every other library of the Python array API standard: CuPy, array-api-strict and those to come."""

from __future__ import annotations

from typing import Any

from longwing._arrays import Adapter


def _empty(like: Any, shape: tuple[int, ...], dtype: str) -> Any:
    namespace = like.__array_namespace__()
    return namespace.empty(shape, dtype=getattr(namespace, dtype), device=like.device)


def _empty_cupy(like: Any, shape: tuple[int, ...], dtype: str) -> Any:
    namespace = like.__array_namespace__()
    with like.device:  # CuPy's creation functions take the current device, not an argument
        return namespace.empty(shape, dtype=getattr(namespace, dtype))


def adapter_of(cls: type) -> Adapter | None:
    """Return the adapter for `cls`, or None where it does not follow the standard and so can't make a result."""
    if not hasattr(cls, "__array_namespace__"):
        return None
    library = cls.__module__.partition(".")[0]
    return Adapter(name=library, empty=_empty_cupy if library == "cupy" else _empty)
