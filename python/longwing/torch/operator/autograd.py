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
from torch.autograd.function import _SingleLevelFunction

from longwing.torch.operator.schema import BACKWARD, FORWARD, LIBRARY, Options
from longwing.torch.operator.second_derivative import second_derivative

Maybe = Tensor | None


def _below(operator: Any, keys: Any, arguments: tuple[Any, ...]) -> Any:
    """Call the operator past its Autograd kernel."""
    with torch._C._AutoDispatchBelowAutograd():
        return operator.redispatch(keys & torch._C._after_autograd_keyset, *arguments)


def _below_function(operator: Any, keys: Any, arguments: tuple[Any, ...]) -> Any:
    """Do so from an autograd function, inside of which gradients are off: other levels of functorch may want theirs."""
    if not torch._C._are_functorch_transforms_active():
        return _below(operator, keys, arguments)
    with torch.enable_grad():
        return _below(operator, keys, arguments)


class _Forward(_SingleLevelFunction):
    """y; only the inputs are saved."""

    @staticmethod
    def forward(ctx: Any, keys: Any, *arguments: Any) -> Tensor:
        ctx.save_for_backward(*arguments[:6])
        ctx.options = Options(*arguments[6:])
        y: Tensor = _below_function(FORWARD, keys, arguments)
        return y

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple[Maybe, ...]:
        wanted = list(ctx.needs_input_grad[1:7])
        gradients = BACKWARD(dy, *ctx.saved_tensors, *ctx.options, wanted)
        return None, *(g if w else None for g, w in zip(gradients, wanted, strict=True)), None, None, None, None


class _Backward(_SingleLevelFunction):
    """The six gradients; only dy and the forward pass's inputs are saved."""

    @staticmethod
    def forward(ctx: Any, keys: Any, *arguments: Any) -> tuple[Tensor, ...]:
        ctx.save_for_backward(*arguments[:7])
        ctx.options, ctx.wanted = Options(*arguments[7:-1]), arguments[-1]
        ctx.set_materialize_grads(False)
        gradients: tuple[Tensor, ...] = _below_function(BACKWARD, keys, arguments)
        return gradients

    @staticmethod
    def backward(ctx: Any, *cotangents: Maybe) -> tuple[Maybe, ...]:
        dy, *tensors = ctx.saved_tensors
        options: Options = ctx.options
        present = [w and t is not None for w, t in zip(ctx.wanted, tensors, strict=True)]
        used = [c if p else None for c, p in zip(cotangents, present, strict=True)]
        linear = options._replace(activation=None)

        def convolve(x: Tensor, k: Tensor, r: Maybe, d: Maybe) -> Tensor:
            z: Tensor = FORWARD(x, k, r, d, None, None, *linear)
            return z

        def transpose(dz: Tensor, x: Tensor, k: Tensor, r: Maybe, d: Maybe) -> tuple[Maybe, Maybe, Maybe, Maybe]:
            wanted = [True, True, r is not None, d is not None, False, False]
            dx, dk, dr, dd, *_ = BACKWARD(dz, x, k, r, d, None, None, *linear, wanted)
            return dx, dk, None if r is None else dr, None if d is None else dd

        # dtypes are settled: under autocast, inputs were converted before they were saved.
        with torch.autocast(dy.device.type, enabled=False):
            gradients = second_derivative(dy, tensors, used, options.activation, convolve, transpose)
        return None, *gradients, None, None, None, None, None


def _kernel(operator: Any, function: Any) -> Callable[..., Any]:
    def autograd(keys: Any, *arguments: Any) -> Any:
        if not (torch.is_grad_enabled() and torch._C._any_requires_grad(*arguments)):
            return _below(operator, keys, arguments)
        if not torch._C._are_functorch_transforms_active():
            return function.apply(keys, *arguments)
        with enable_single_level_autograd_function():
            return function.apply(keys, *arguments)

    return autograd


LIBRARY.impl("long_conv", _kernel(FORWARD, _Forward), "Autograd", with_keyset=True)
LIBRARY.impl("long_conv_backward", _kernel(BACKWARD, _Backward), "Autograd", with_keyset=True)
