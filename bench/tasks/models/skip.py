"""A linear map beside a model, from each input to the answer at that step."""

from __future__ import annotations

import torch
from torch import nn


class LinearSkip(nn.Module):
    """model(x) + A·x for signals x (B, L, C), A (outputs, C) zero at first: what a vector autoregression of order 1 is.

    What the model's own last layer answers is zero at first too, so that the linear part is not learned against noise.
    """

    def __init__(self, model: nn.Module, channels: int, outputs: int) -> None:
        super().__init__()
        self.model = model
        self.linear = nn.Linear(channels, outputs, bias=False)
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(model.decoder.linear.weight)  # type: ignore[union-attr, arg-type]

    def forward(self, x: torch.Tensor, lengths: torch.Tensor | None = None) -> torch.Tensor:
        """Return the model's answer plus the linear one."""
        result: torch.Tensor = self.model(x, lengths) + self.linear(x)
        return result
