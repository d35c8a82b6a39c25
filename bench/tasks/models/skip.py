"""A linear prediction beside a model: each channel's from its own past, and from the others' last values."""

from __future__ import annotations

import torch
from longwing.torch import long_conv
from torch import nn


class LinearSkip(nn.Module):
    """model(x) + (k * x)[t] + A·x[t] for signals x (B, L, C): k one filter of `taps` taps for each channel, A (C, C).

    Both have a learning rate of their own: where the channels are correlated, the rate that suits the model leaves A short
    of its least squares. Dropout before A is to it what a ridge penalty of p/(1-p) of the channels' sums of squares is.
    What is shrunk is what the channels tell of each other, not k. k, A and what the model's decoder adds are zero at first.
    """

    def __init__(self, model: nn.Module, channels: int, taps: int, lr: float, dropout: float) -> None:
        super().__init__()
        self.model = model
        self.own = nn.Parameter(torch.zeros(channels, taps))
        self.others = nn.Linear(channels, channels, bias=False)
        nn.init.zeros_(self.others.weight)
        for weight in (self.own, self.others.weight):
            weight._optim = {"lr": lr}  # type: ignore[attr-defined]
        self.dropout = nn.Dropout(dropout)
        for parameter in model.decoder.parameters():  # type: ignore[union-attr]
            nn.init.zeros_(parameter)

    def forward(self, x: torch.Tensor, lengths: torch.Tensor | None = None) -> torch.Tensor:
        """Return the model's answer plus the linear one."""
        own = long_conv(x.mT.contiguous(), self.own).mT
        result: torch.Tensor = self.model(x, lengths) + own + self.others(self.dropout(x))
        return result
