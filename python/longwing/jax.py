"""The JAX adapter. JAX's arrays are immutable: results are written to memory of our own, which JAX then takes over."""

from __future__ import annotations

from typing import Any

import jax

from longwing._arrays import Adapter
from longwing._core import Buffer, LongwingTypeError, LongwingValueError


def _empty(like: Any, shape: tuple[int, ...], dtype: str) -> Buffer:
    return Buffer(shape, dtype)


def _finish(target: Buffer) -> Any:
    return jax.dlpack.from_dlpack(target)


def _prepare(array: Any, argument: str) -> Any:
    if array.is_deleted():
        raise LongwingValueError(f"{argument} is a JAX array that was deleted or donated: its memory is gone")
    return array.block_until_ready()  # the values of an array may still be on their way


def _refuse_tracer(array: Any, argument: str) -> Any:
    raise LongwingTypeError(
        f"{argument} is a JAX tracer ({type(array).__name__}): long_conv can't be traced by jax.jit, jax.grad or "
        "jax.vmap; call it outside of them, on concrete arrays, or through jax.pure_callback"
    )


_ARRAY = Adapter(name="JAX", empty=_empty, finish=_finish, prepare=_prepare, takes_out=False)
_TRACER = Adapter(name="JAX", empty=_empty, prepare=_refuse_tracer, takes_out=False)


def adapter_of(cls: type) -> Adapter | None:
    """Return the adapter for `cls`, a concrete array type or a tracer."""
    if issubclass(cls, jax.core.Tracer):
        return _TRACER
    return _ARRAY if hasattr(cls, "__dlpack__") else None
