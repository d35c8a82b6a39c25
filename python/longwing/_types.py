"""Types of the interface: the names that arguments may have, and what an array is."""

from __future__ import annotations

from typing import Any, Literal, Protocol, TypeVar

Mode = Literal["causal", "circular", "same", "full", "valid"]
ReverseLag = Literal["shifted", "overlapped"]
Activation = Literal["gelu", "silu"]
DTypeName = Literal["float32", "float64", "float16", "bfloat16"]
GradientName = Literal["u", "k", "reverse_filter", "skip", "pre_gate", "post_gate"]


class SupportsDLPack(Protocol):
    """An array that exports DLPack."""

    def __dlpack__(self, *, stream: Any = ...) -> Any: ...

    def __dlpack_device__(self) -> tuple[Any, int]: ...


Array = TypeVar("Array", bound=SupportsDLPack)
