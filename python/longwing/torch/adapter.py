"""The torch adapter: which tensors the operation takes, and where their results go."""

from __future__ import annotations

from typing import Any

import torch
from torch.autograd import forward_ad

from longwing._arrays import Adapter
from longwing._core import LongwingTypeError
from longwing.torch import huge_pages
from longwing.torch.dtypes import DTYPES


def _empty(like: Any, shape: tuple[int, ...], dtype: str) -> Any:
    wanted = DTYPES[dtype]
    # One keyword less is a third of the time of a small allocation.
    result = like.new_empty(shape) if like.dtype is wanted else like.new_empty(shape, dtype=wanted)
    if result.nbytes >= huge_pages.LARGE:
        huge_pages.advise(result)
    return result


def _stream(tensor: Any) -> int:
    handle: int = torch.cuda.current_stream(tensor.device).cuda_stream
    return handle


def _has_tangent(tensor: Any) -> bool:
    # The level is -1 outside of forward mode; inside of an operator's kernel forward gradients are off.
    if forward_ad._current_level < 0 or not torch._C._is_fwd_grad_enabled():
        return False
    return forward_ad.unpack_dual(tensor).tangent is not None


def _prepare(tensor: Any, argument: str) -> Any:
    """Refuse what torch's exchange interface would silently export wrong or without its gradient."""
    if torch._C._functorch.is_functorch_wrapped_tensor(tensor) or _has_tangent(tensor):
        raise LongwingTypeError(
            f"{argument} is being transformed by torch.func or differentiated in forward mode, of which this function "
            "knows nothing: call longwing.torch.long_conv, which does"
        )
    if tensor.requires_grad:
        if torch.is_grad_enabled():
            raise LongwingTypeError(
                f"{argument} requires grad, and this function has no gradients: call longwing.torch.long_conv, which "
                "has them, or detach() the tensor"
            )
        tensor = tensor.detach()
    if tensor.layout is not torch.strided:
        raise LongwingTypeError(f"{argument} must be a dense tensor, got layout {tensor.layout}: call to_dense() on it")
    if tensor.is_neg():
        raise LongwingTypeError(
            f"{argument} is a negated view, whose memory holds other values: call resolve_neg() on it"
        )
    if tensor.is_conj():
        raise LongwingTypeError(
            f"{argument} is complex, which is not supported: float32, float64, float16 and bfloat16 are"
        )
    return tensor


def _refuse_virtual(tensor: Any, argument: str) -> Any:
    raise LongwingTypeError(
        f"{argument} must be a tensor with memory of its own, got {type(tensor).__name__}, which handles operations "
        "itself: convert it to a plain torch.Tensor"
    )


_TENSOR = Adapter(name="torch", empty=_empty, prepare=_prepare, stream=_stream, trusts_exchange=True)
_VIRTUAL = Adapter(name="torch", empty=_empty, prepare=_refuse_virtual)


def adapter_of(cls: type) -> Adapter | None:
    """Return the adapter for `cls`, a tensor type; FakeTensor, DTensor and their like have no memory to read."""
    if not issubclass(cls, torch.Tensor):
        return None
    plain = cls.__torch_dispatch__ is torch.Tensor.__torch_dispatch__
    return _TENSOR if plain else _VIRTUAL
