"""Attention as the other layers are: rows (B, H, L) in and out."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from bench.tasks.errors import TaskError


class Attention(nn.Module):
    """Multi-head attention, softmax(q kᵀ / sqrt(d)) v, by torch's scaled_dot_product_attention; d = width / heads."""

    def __init__(self, width: int, heads: int, *, causal: bool, dropout: float) -> None:
        super().__init__()
        if heads < 1 or width % heads:
            raise TaskError(f"model.heads is {heads}: supported are divisors of model.width, {width}")
        self.heads, self.causal, self.dropout = heads, causal, dropout
        self.project = nn.Linear(width, 3 * width)
        self.output = nn.Linear(width, width)

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        q, k, v = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in self.project(rows.mT).chunk(3, dim=-1))
        dropped = self.dropout if self.training else 0.0
        y = functional.scaled_dot_product_attention(q, k, v, dropout_p=dropped, is_causal=self.causal)
        result: torch.Tensor = self.output(y.transpose(1, 2).flatten(2))
        return result.mT


class Positions(nn.Module):
    """x (B, L, H) plus a learned vector for each place, drawn from N(0, 0.02²): attention alone knows no order."""

    def __init__(self, length: int, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(0.02 * torch.randn(length, width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.weight[: x.shape[1]]
