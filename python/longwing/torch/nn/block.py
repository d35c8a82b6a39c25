"""The residual block, and the norms that it may have."""

from __future__ import annotations

from typing import Literal

import torch
from torch import nn

from longwing.torch.checks import check_choice
from longwing.torch.nn.layer import row_dropout

Norm = Literal["layer", "batch"]


class RowLayerNorm(nn.LayerNorm):
    """torch.nn.LayerNorm over the channels of rows (B, H, L)."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002 - the name is torch's
        """Return every sample's channels with mean 0 and variance 1, scaled and shifted."""
        return super().forward(input.mT).mT


class ResidualBlock(nn.Module):
    """A layer on rows (B, H, L) with a norm and a shortcut.

    With `prenorm` x + dropout(layer(norm(x))), else norm(x + dropout(layer(x))). The norm is a BatchNorm1d, or a LayerNorm
    over channels. A `norm` of another name is a LongwingValueError.
    """

    def __init__(
        self, layer: nn.Module, d_model: int, *, norm: Norm, prenorm: bool, dropout: float, tie_dropout: bool
    ) -> None:
        super().__init__()
        self.prenorm = prenorm
        self.norm = new_norm(norm, d_model)
        self.layer = layer
        self.dropout = row_dropout(dropout, tie_dropout)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the block's output, of x's shape."""
        if self.prenorm:
            result: torch.Tensor = x + self.dropout(self.layer(self.norm(x)))
        else:
            result = self.norm(x + self.dropout(self.layer(x)))
        return result


def new_norm(norm: Norm, d_model: int) -> nn.Module:
    """Return the norm of that name, for rows (B, H, L)."""
    check_choice("norm", norm, ("layer", "batch"))
    return RowLayerNorm(d_model) if norm == "layer" else nn.BatchNorm1d(d_model)
