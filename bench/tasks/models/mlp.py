"""The two-layer perceptron of a block, dense or of butterflies."""

from __future__ import annotations

import torch
from longwing.torch import ButterflyLinear
from torch import nn


class Mlp(nn.Module):
    """Linear H -> 4H, GELU, Linear 4H -> H at each place of rows (B, H, L); `butterfly`: two-factor matrices."""

    def __init__(self, width: int, *, butterfly: bool) -> None:
        super().__init__()
        linear = ButterflyLinear if butterfly else nn.Linear
        self.layers = nn.Sequential(linear(width, 4 * width), nn.GELU(), linear(4 * width, width))

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        result: torch.Tensor = self.layers(rows.mT)
        return result.mT
