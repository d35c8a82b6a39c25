"""The operation on tensors, with gradients."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch

import longwing
from longwing._types import Activation, GradientName, Mode, ReverseLag
from longwing.torch.dtypes import NAMES

_TENSORS: tuple[GradientName, ...] = ("u", "k", "reverse_filter", "skip", "pre_gate", "post_gate")


class _Options(NamedTuple):
    mode: Mode
    reverse_lag: ReverseLag
    activation: Activation | None
    filter_bank: bool


class _LongConv(torch.autograd.Function):
    """y and its gradients; nothing but the inputs is kept between the two."""

    @staticmethod
    def forward(ctx: Any, options: _Options, *tensors: torch.Tensor | None) -> torch.Tensor:
        ctx.options = options
        ctx.save_for_backward(*tensors)
        result: torch.Tensor = _apply(options, *tensors)
        return result

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, dy: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        options: _Options = ctx.options
        u, k, reverse_filter, skip, pre_gate, post_gate = ctx.saved_tensors
        plan = longwing.plan(
            length=u.shape[-1],
            filter_length=k.shape[-1],
            channels=u.shape[-2],
            groups=k.shape[-2],
            reverse_length=0 if reverse_filter is None else reverse_filter.shape[-1],
            mode=options.mode,
            reverse_lag=options.reverse_lag,
            dtype=NAMES[u.dtype],
            device=str(u.device),
        )
        gradients = plan.backward(
            dy.resolve_neg(),
            u,
            plan.spectrum(k, reverse_filter, filter_bank=options.filter_bank),
            skip=skip,
            pre_gate=pre_gate,
            post_gate=post_gate,
            activation=options.activation,
            wanted=tuple(name for name, wanted in zip(_TENSORS, ctx.needs_input_grad[1:], strict=True) if wanted),
        )
        return None, *gradients


def _apply(options: _Options, *tensors: Any) -> Any:
    u, k, reverse_filter, skip, pre_gate, post_gate = tensors
    return longwing.long_conv(
        u,
        k,
        mode=options.mode,
        reverse_filter=reverse_filter,
        reverse_lag=options.reverse_lag,
        skip=skip,
        pre_gate=pre_gate,
        post_gate=post_gate,
        activation=options.activation,
        filter_bank=options.filter_bank,
    )


def long_conv(
    u: torch.Tensor,
    k: torch.Tensor,
    *,
    mode: Mode = "causal",
    reverse_filter: torch.Tensor | None = None,
    reverse_lag: ReverseLag = "shifted",
    skip: torch.Tensor | None = None,
    pre_gate: torch.Tensor | None = None,
    post_gate: torch.Tensor | None = None,
    activation: Activation | None = None,
    filter_bank: bool = False,
) -> torch.Tensor:
    """Return :func:`longwing.long_conv` of tensors, differentiable once in every one of them.

    Arguments, shapes, dtypes and errors are those of :func:`longwing.long_conv`, without `out`. Each gradient has its
    tensor's shape and dtype. Between forward and backward only the inputs are kept; the gradients are computed by
    :meth:`longwing.ConvPlan.backward`. A second derivative is a RuntimeError of torch's.
    """
    options = _Options(mode, reverse_lag, activation, filter_bank)
    result: torch.Tensor = _LongConv.apply(options, u, k, reverse_filter, skip, pre_gate, post_gate)
    return result
