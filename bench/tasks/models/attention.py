"""Attention as the other layers are: rows (B, H, L) in and out."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from bench.tasks.errors import TaskError


class Attention(nn.Module):
    """Multi-head attention, softmax(q kᵀ / sqrt(d)) v, by torch's scaled_dot_product_attention; d = width / heads.

    q and k are rotated by their places, see :func:`rotated`: attention alone knows no order.
    """

    def __init__(self, width: int, heads: int, *, causal: bool, dropout: float) -> None:
        super().__init__()
        if heads < 1 or width % (2 * heads):
            raise TaskError(f"model.heads is {heads}: supported are divisors of half of model.width, {width}")
        self.heads, self.causal, self.dropout = heads, causal, dropout
        self.project = nn.Linear(width, 3 * width)
        self.output = nn.Linear(width, width)

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        q, k, v = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in self.project(rows.mT).chunk(3, dim=-1))
        dropped = self.dropout if self.training else 0.0
        y = functional.scaled_dot_product_attention(rotated(q), rotated(k), v, dropout_p=dropped, is_causal=self.causal)
        result: torch.Tensor = self.output(y.transpose(1, 2).flatten(2))
        return result.mT


def rotated(x: torch.Tensor) -> torch.Tensor:
    """Return x (…, L, d) with each pair (x_i, x_{i+d/2}) at place t turned by the angle t·10000^(-2i/d).

    The product of two places' vectors then depends on how far apart they are, and not on where. Source: Su et al.,
    "RoFormer: Enhanced Transformer with Rotary Position Embedding", 2021.
    """
    length, d = x.shape[-2:]
    rates = 10_000.0 ** (-2 * torch.arange(d // 2, device=x.device) / d)
    angles = torch.arange(length, device=x.device)[:, None] * rates
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    first, second = x.chunk(2, dim=-1)
    return torch.cat((cos * first - sin * second, sin * first + cos * second), dim=-1)
