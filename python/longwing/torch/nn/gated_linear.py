"""The linear layer with a gated linear unit, for rows of channels."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn
from torch.nn import functional


class _GatedLinear(torch.autograd.Function):
    """(value · gate, gate) of y (B, C, L). Backward computes the value again rather than keep it."""

    generate_vmap_rule = True

    @staticmethod
    def forward(y: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        gate = _affine(y, *_half(weight, bias, 1)).sigmoid()
        return _affine(y, *_half(weight, bias, 0)) * gate, gate

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[torch.Tensor, ...], output: tuple[torch.Tensor, ...]) -> None:
        ctx.save_for_backward(*inputs, output[1])
        ctx.set_materialize_grads(False)

    @staticmethod
    def backward(ctx: Any, dout: torch.Tensor | None, dgate: torch.Tensor | None) -> tuple[torch.Tensor | None, ...]:
        y, weight, bias, gate = ctx.saved_tensors
        if dout is None:
            dout = torch.zeros_like(gate)
        dvalue = dout * gate
        through = dout * _affine(y, *_half(weight, bias, 0))
        if dgate is not None:
            through = through + dgate
        dz = torch.cat([dvalue, through * gate * (1 - gate)], dim=-2)
        wants_y, wants_weight, wants_bias = ctx.needs_input_grad
        return (
            functional.conv1d(dz, weight.t()[..., None]) if wants_y else None,
            torch.matmul(dz, y.mT).sum(0) if wants_weight else None,
            dz.sum((0, 2)) if wants_bias else None,
        )


class GatedLinear(nn.Module):
    r"""Linear and gated linear unit over the channels of y (B, C, L): :math:`(W_1 y + b_1) \cdot \sigma(W_2 y + b_2)`.

    `weight` (2H, C) holds W₁ above W₂, `bias` (2H,) b₁ before b₂, as torch.nn.Linear and torch.nn.functional.glu have
    them. The result is (B, H, L). Between forward and backward y and the gate are kept, not the value beside it.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(2 * outputs, inputs))
        self.bias = nn.Parameter(torch.empty(2 * outputs))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weight and bias as torch.nn.Linear does: uniform, up to 1/sqrt(C) in magnitude."""
        bound = 1 / math.sqrt(self.weight.shape[1])
        nn.init.uniform_(self.weight, -bound, bound)
        nn.init.uniform_(self.bias, -bound, bound)

    def forward(self, y: torch.Tensor) -> torch.Tensor:
        """Return the gated rows, of y's dtype."""
        result: torch.Tensor = _GatedLinear.apply(y, self.weight.to(y.dtype), self.bias.to(y.dtype))[0]
        return result

    def extra_repr(self) -> str:
        """Return inputs and outputs."""
        return f"{self.weight.shape[1]}, {self.weight.shape[0] // 2}"


def _half(weight: torch.Tensor, bias: torch.Tensor, index: int) -> tuple[torch.Tensor, torch.Tensor]:
    return weight.chunk(2)[index], bias.chunk(2)[index]


def _affine(y: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """A convolution with one tap: on rows of samples it is faster than a batched matrix product, and copies nothing."""
    return functional.conv1d(y, weight[..., None], bias)
