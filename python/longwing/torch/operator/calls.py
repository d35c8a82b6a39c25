"""The operators with their derivatives, in the form that the active transforms of torch need.

torch takes the derivatives of an operator from its registration, but under functorch's transforms (grad, vmap, jacrev)
only from an autograd.Function with a setup_context. Both are made here from the same formulas, and calls made inside of a
formula choose anew, so that derivatives of every order and nested transforms come out of one text.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from longwing.torch.operator.autocast import cast
from longwing.torch.operator.schema import BACKWARD, FORWARD, LIBRARY, Options
from longwing.torch.operator.second_derivative import second_derivative
from longwing.torch.operator.vmap import backward_rule, forward_rule

Maybe = Tensor | None


def forward(*arguments: Any) -> Any:
    """Return y for the arguments of the operator `long_conv`."""
    if not torch._C._are_functorch_transforms_active():
        return FORWARD(*arguments)
    device = arguments[0].device.type
    if torch.amp.is_autocast_available(device) and torch.is_autocast_enabled(device):
        arguments = cast(arguments, device)
    return _Forward.apply(*arguments)


def backward(*arguments: Any) -> Any:
    """Return the six gradients for the arguments of the operator `long_conv_backward`."""
    if torch._C._are_functorch_transforms_active():
        return _Backward.apply(*arguments)
    return BACKWARD(*arguments)


def _save_forward(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
    ctx.save_for_backward(*inputs[:6])
    ctx.options = Options(*inputs[6:])


def _differentiate_forward(ctx: Any, dy: Tensor) -> tuple[Maybe, ...]:
    tensors, wanted = ctx.saved_tensors, list(ctx.needs_input_grad[:6])
    gradients = backward(dy, *tensors, *ctx.options, wanted)
    return *(g if w else None for g, w in zip(gradients, wanted, strict=True)), None, None, None, None


def _save_backward(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
    ctx.save_for_backward(*inputs[:7])
    ctx.options, ctx.wanted = Options(*inputs[7:-1]), inputs[-1]
    ctx.set_materialize_grads(False)


def _differentiate_backward(ctx: Any, *cotangents: Maybe) -> tuple[Maybe, ...]:
    dy, *tensors = ctx.saved_tensors
    options = ctx.options
    present = [w and t is not None for w, t in zip(ctx.wanted, tensors, strict=True)]
    used = [c if p else None for c, p in zip(cotangents, present, strict=True)]
    linear = options._replace(activation=None)

    def convolve(x: Tensor, k: Tensor, r: Maybe, d: Maybe) -> Tensor:
        y: Tensor = forward(x, k, r, d, None, None, *linear)
        return y

    def transpose(dz: Tensor, x: Tensor, k: Tensor, r: Maybe, d: Maybe) -> tuple[Maybe, Maybe, Maybe, Maybe]:
        wanted = [True, True, r is not None, d is not None, False, False]
        dx, dk, dr, dd, *_ = backward(dz, x, k, r, d, None, None, *linear, wanted)
        return dx, dk, None if r is None else dr, None if d is None else dd

    # dtypes are settled: where the first pass ran under autocast, its inputs were converted before they were saved.
    with torch.autocast(dy.device.type, enabled=False):
        gradients = second_derivative(dy, tensors, used, options.activation, convolve, transpose)
    return *gradients, None, None, None, None, None


# Named here: in the classes below, forward and backward are methods.
_FORWARD_RULE, _BACKWARD_RULE = forward_rule(forward), backward_rule(backward)


class _Forward(torch.autograd.Function):
    """The operator long_conv under functorch."""

    setup_context = staticmethod(_save_forward)
    backward = staticmethod(_differentiate_forward)
    vmap = staticmethod(_FORWARD_RULE)

    @staticmethod
    def forward(*arguments: Any) -> Tensor:
        y: Tensor = FORWARD(*arguments)
        return y


class _Backward(torch.autograd.Function):
    """The operator long_conv_backward under functorch."""

    setup_context = staticmethod(_save_backward)
    backward = staticmethod(_differentiate_backward)
    vmap = staticmethod(_BACKWARD_RULE)

    @staticmethod
    def forward(*arguments: Any) -> tuple[Tensor, ...]:
        gradients: tuple[Tensor, ...] = BACKWARD(*arguments)
        return gradients


for _name, _derivative, _setup, _rule in (
    ("longwing::long_conv", _differentiate_forward, _save_forward, _FORWARD_RULE),
    ("longwing::long_conv_backward", _differentiate_backward, _save_backward, _BACKWARD_RULE),
):
    torch.library.register_autograd(_name, _derivative, setup_context=_setup, lib=LIBRARY)
    torch.library.register_vmap(_name, _rule, lib=LIBRARY)
