"""Linear layers over the channels of rows, and the one with a gated linear unit."""

from __future__ import annotations

import math

import torch
from torch import nn


class GatedLinear(nn.Module):
    r"""Linear and gated linear unit over the channels of y (B, C, L): :math:`(W_1 y + b_1) \cdot \sigma(W_2 y + b_2)`.

    `weight` (2H, C) holds W₁ above W₂, `bias` (2H,) b₁ before b₂, as torch.nn.Linear and torch.nn.functional.glu have
    them. The result is (B, H, L).
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
        return nn.functional.glu(over_channels(y, self.weight.to(y.dtype), self.bias.to(y.dtype)), dim=-2)

    def extra_repr(self) -> str:
        """Return inputs and outputs."""
        return f"{self.weight.shape[1]}, {self.weight.shape[0] // 2}"


class SignalEncoder(nn.Linear):
    """torch.nn.Linear on signals (B, L, C), with the result (B, L, H) stored as rows: its ``.mT`` is contiguous."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002 - the name is torch's
        """Return weight · sample + bias for every sample."""
        return over_channels(input.mT, self.weight, self.bias).mT


def over_channels(rows: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """Return weight · rows + bias (B, O, L), the linear layer over the channels of rows (B, C, L), where they lie."""
    return torch.baddbmm(bias[:, None], weight.expand(rows.shape[0], -1, -1), rows)
