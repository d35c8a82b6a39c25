"""The operators' derivatives: kernels for torch's Autograd key.

torch.library.register_autograd makes an autograd.Function, which refuses to run inside of functorch's transforms. The class
of functions for a single level of differentiation runs there: the dispatcher calls these kernels once for each level that
grad, vmap and their like have stacked up, with tensors of that level, as it calls those of torch's own operators.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch._functorch.utils import enable_single_level_autograd_function
from torch.autograd import forward_ad
from torch.autograd.function import _SingleLevelFunction

from longwing.torch.operator.algebra import Convolve, Maybe, Transpose
from longwing.torch.operator.schema import BACKWARD, FORWARD, LIBRARY, Options
from longwing.torch.operator.second_derivative import second_derivative
from longwing.torch.operator.tangents import forward_tangent, gradient_tangents


def _below(operator: Any, keys: Any, arguments: tuple[Any, ...]) -> Any:
    """Call the operator past its Autograd kernel."""
    with torch._C._AutoDispatchBelowAutograd():
        return operator.redispatch(keys & torch._C._after_autograd_keyset, *arguments)


def _below_function(operator: Any, keys: Any, arguments: tuple[Any, ...]) -> Any:
    """Do so from an autograd function, inside of which gradients are off: other levels of functorch may want theirs."""
    if not torch._C._are_functorch_transforms_active():
        return _below(operator, keys, arguments)
    with torch.enable_grad(), forward_ad._set_fwd_grad_enabled(True):
        return _below(operator, keys, arguments)


def _linear_part(options: Options) -> tuple[Convolve, Transpose]:
    """Return the operation without gates and activation, and the gradients of that: what the formulas are made of."""
    linear = options._replace(activation=None)

    def convolve(x: Tensor, k: Tensor, r: Maybe, d: Maybe) -> Tensor:
        z: Tensor = FORWARD(x, k, r, d, None, None, *linear)
        return z

    def transpose(dz: Tensor, x: Tensor, k: Tensor, r: Maybe, d: Maybe) -> tuple[Maybe, Maybe, Maybe, Maybe]:
        wanted = [True, True, r is not None, d is not None, False, False]
        dx, dk, dr, dd, *_ = BACKWARD(dz, x, k, r, d, None, None, *linear, wanted)
        return dx, dk, None if r is None else dr, None if d is None else dd

    return convolve, transpose


def _without_autocast(tensor: Tensor) -> Any:
    """dtypes are settled in formulas: autocast converted the inputs before they were saved."""
    return torch.autocast(tensor.device.type, enabled=False)


class _Forward(_SingleLevelFunction):
    """y; only the inputs are saved."""

    @staticmethod
    def forward(ctx: Any, keys: Any, *arguments: Any) -> Tensor:
        ctx.save_for_backward(*arguments[:6])
        ctx.save_for_forward(*arguments[:6])
        ctx.options = Options(*arguments[6:])
        y: Tensor = _below_function(FORWARD, keys, arguments)
        return y

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple[Maybe, ...]:
        wanted = list(ctx.needs_input_grad[1:7])
        gradients = _call(BACKWARD, (dy, *ctx.saved_tensors, *ctx.options, wanted))
        return None, *(g if w else None for g, w in zip(gradients, wanted, strict=True)), None, None, None, None

    @staticmethod
    def jvp(ctx: Any, keys: Any, *tangents: Any) -> Maybe:
        tensors, options = ctx.saved_tensors, ctx.options
        convolve, _ = _linear_part(options)
        with _without_autocast(tensors[0]):
            return forward_tangent(tensors, tangents[:6], options.filter_bank, options.activation, convolve)


class _Backward(_SingleLevelFunction):
    """The six gradients; only dy and the forward pass's inputs are saved."""

    @staticmethod
    def forward(ctx: Any, keys: Any, *arguments: Any) -> tuple[Tensor, ...]:
        ctx.save_for_backward(*arguments[:7])
        ctx.save_for_forward(*arguments[:7])
        ctx.options, ctx.wanted = Options(*arguments[7:-1]), arguments[-1]
        ctx.set_materialize_grads(False)
        gradients: tuple[Tensor, ...] = _below_function(BACKWARD, keys, arguments)
        return gradients

    @staticmethod
    def backward(ctx: Any, *cotangents: Maybe) -> tuple[Maybe, ...]:
        dy, *tensors = ctx.saved_tensors
        present = [w and t is not None for w, t in zip(ctx.wanted, tensors, strict=True)]
        used = [c if p else None for c, p in zip(cotangents, present, strict=True)]
        with _without_autocast(dy):
            gradients = second_derivative(dy, tensors, used, ctx.options.activation, *_linear_part(ctx.options))
        return None, *gradients, None, None, None, None, None

    @staticmethod
    def jvp(ctx: Any, keys: Any, *tangents: Any) -> tuple[Tensor, ...]:
        dy, *tensors = ctx.saved_tensors
        dy_tangent, *directions = tangents[:7]
        with _without_autocast(dy):
            results = gradient_tangents(
                dy, dy_tangent, tensors, directions, ctx.options.activation, *_linear_part(ctx.options)
            )
        # torch wants a direction of every result, of those too that are empty or do not change.
        return tuple(
            dy.new_zeros(0) if tensor is None or not w else torch.zeros_like(tensor) if result is None else result
            for result, tensor, w in zip(results, tensors, ctx.wanted, strict=True)
        )


def _is_differentiated(arguments: tuple[Any, ...]) -> bool:
    if forward_ad._current_level >= 0:
        return True
    return torch.is_grad_enabled() and bool(torch._C._any_requires_grad(*arguments))


def _kernel(operator: Any, function: Any) -> Callable[..., Any]:
    def autograd(keys: Any, *arguments: Any) -> Any:
        if not _is_differentiated(arguments):
            return _below(operator, keys, arguments)
        if not torch._C._are_functorch_transforms_active():
            return function.apply(keys, *arguments)
        with enable_single_level_autograd_function():
            return function.apply(keys, *arguments)

    return autograd


def _call(operator: Any, arguments: tuple[Any, ...]) -> Any:
    """Call an operator, past its Autograd kernel where that would do no more than pass the call on: it costs 4 µs."""
    if torch.compiler.is_compiling() or torch._C._are_functorch_transforms_active() or _is_differentiated(arguments):
        return operator(*arguments)
    with torch._C._AutoDispatchBelowAutograd():
        return operator(*arguments)


def forward(arguments: tuple[Any, ...]) -> Tensor:
    """Call the operation."""
    y: Tensor = _call(FORWARD, arguments)
    return y


LIBRARY.impl("long_conv", _kernel(FORWARD, _Forward), "Autograd", with_keyset=True)
LIBRARY.impl("long_conv_backward", _kernel(BACKWARD, _Backward), "Autograd", with_keyset=True)
