"""The JAX adapter. JAX's arrays are immutable: results are written to memory of our own, which JAX then takes over.

On a GPU that memory is a new array of JAX's that nobody else has seen yet. JAX tells no stream of its own, so a call there
returns when its work is done.
"""

from __future__ import annotations

from typing import Any

import jax

from longwing._arrays import Adapter
from longwing._core import Buffer, LongwingTypeError, LongwingValueError


def _empty(like: Any, shape: tuple[int, ...], dtype: str) -> Any:
    (device,) = like.devices()
    if device.platform == "cpu":
        return Buffer(shape, dtype)
    # A constant's memory could be shared with others: adding to it gives memory of the result's own.
    zeros = jax.numpy.zeros(shape, dtype, device=device)
    return (zeros + zeros).block_until_ready()


def _finish(target: Any) -> Any:
    return jax.dlpack.from_dlpack(target) if isinstance(target, Buffer) else target


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
