"""From an array's type to the adapter of its library, which is imported when its first array is seen."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Adapter:
    """What the bindings have to know of an array type beyond DLPack."""

    name: str
    """The library's name, the same for all its types: the arrays of a call must agree in it."""

    empty: Callable[[Any, tuple[int, ...], str], Any]
    """(like, shape, dtype) -> a new array on `like`'s device, or a _core.Buffer, to be written through DLPack."""

    finish: Callable[[Any], Any] | None = None
    """What `empty` returned, now written -> the result; None: it is the result already."""

    prepare: Callable[[Any, str], Any] | None = None
    """(array, argument) -> the object to export, after checks that DLPack does not make; None: export it as it is."""

    takes_out: bool = True
    """False where arrays are immutable, so that none can be passed as out=."""

    stream: Callable[[Any], int] | None = None
    """(array on a CUDA device) -> the handle of the stream that its library enqueues to next; None: the library tells
    none, so that a call runs on the default stream and waits for its end."""

    trusts_exchange: bool = False
    """True where `prepare` makes the checks that the type's DLPack exchange interface leaves out."""


# Modules that define array types, by the first part of their name, and who adapts them.
_ADAPTERS = {
    "numpy": "longwing.numpy",
    "torch": "longwing.torch.adapter",
    "jax": "longwing.jax",
    "jaxlib": "longwing.jax",
}
_GENERIC = "longwing.array_api"


def adapter_of(cls: type) -> Adapter | None:
    """Return the adapter for arrays of type `cls`, or None where they do not export DLPack."""
    module = _GENERIC if hasattr(cls, "__dlpack__") and hasattr(cls, "__dlpack_device__") else None
    for base in cls.__mro__:
        module = _ADAPTERS.get(base.__module__.partition(".")[0], module)
    if module is None:
        return None
    adapter: Adapter | None = importlib.import_module(module).adapter_of(cls)
    return adapter
