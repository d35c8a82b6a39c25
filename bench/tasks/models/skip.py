"""A linear map beside a model, from the last inputs to the answer at that step."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional


class LinearSkip(nn.Module):
    """model(x) + Σ_i A_i·x[t-i] for signals x (B, L, C), i below `taps`: what a vector autoregression of that order is.

    The map has a learning rate of its own: where the channels are correlated, the rate that suits the model leaves it short
    of its least squares. Dropout of its inputs is to it what a ridge penalty is, p/(1-p) of each input's sum of squares. It
    is zero at first, and so is what the model's own last layer adds.
    """

    def __init__(self, model: nn.Module, channels: int, outputs: int, taps: int, lr: float, dropout: float) -> None:
        super().__init__()
        self.model, self.taps = model, taps
        self.linear = nn.Linear(taps * channels, outputs, bias=False)
        self.dropout = nn.Dropout(dropout)
        nn.init.zeros_(self.linear.weight)
        self.linear.weight._optim = {"lr": lr}  # type: ignore[assignment]
        for parameter in model.decoder.parameters():  # type: ignore[union-attr, operator]
            nn.init.zeros_(parameter)

    def forward(self, x: torch.Tensor, lengths: torch.Tensor | None = None) -> torch.Tensor:
        """Return the model's answer plus the linear one."""
        past = [functional.pad(x, (0, 0, lag, 0))[:, : x.shape[1]] for lag in range(self.taps)]
        result: torch.Tensor = self.model(x, lengths) + self.linear(self.dropout(torch.cat(past, -1)))
        return result
