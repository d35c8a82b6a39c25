"""S4D: a diagonal state space model, as a long convolution."""

from __future__ import annotations

import math

import torch
from longwing.torch import long_conv
from torch import nn
from torch.nn import functional


class S4D(nn.Module):
    r"""y = gelu(K * u + D u), out = glu(W dropout(y) + b), with the filter of a diagonal state space model.

    For each channel, with N/2 pairs of conjugate states,

    .. math:: K_t = 2\,\mathrm{Re} \sum_n C_n \frac{e^{\Delta A_n} - 1}{A_n} e^{t \Delta A_n}, \qquad
              A_n = -e^{a_n} + i\omega_n, \quad B_n = 1

    discretised by zero-order hold. At the start A_n = -1/2 + iπn ("S4D-Lin"), C_n is normal, and log Δ uniform between
    those of 0.001 and 0.1. Δ and A have `lr` and no weight decay. Source: Gu et al., "On the Parameterization and
    Initialization of Diagonal State Space Models", NeurIPS 2022.
    """

    def __init__(
        self, width: int, state: int, *, bidirectional: bool, lr: float, dropout: float, tie_dropout: bool
    ) -> None:
        super().__init__()
        pairs = state // 2
        directions = 2 if bidirectional else 1
        steps = torch.rand(width) * (math.log(0.1) - math.log(0.001)) + math.log(0.001)
        self.log_step = nn.Parameter(steps)
        self.log_decay = nn.Parameter(torch.full((width, pairs), math.log(0.5)))
        self.frequency = nn.Parameter(math.pi * torch.arange(pairs).float().repeat(width, 1))
        self.output = nn.Parameter(torch.randn(directions, width, pairs, 2) * math.sqrt(0.5))
        self.skip = nn.Parameter(torch.randn(width))
        self.dropout: nn.Module = nn.Dropout1d(dropout) if tie_dropout else nn.Dropout(dropout)
        self.mix = nn.Conv1d(width, 2 * width, 1)
        own = {"lr": lr, "weight_decay": 0.0}
        self.optimizer_options = dict.fromkeys(("log_step", "log_decay", "frequency"), own)

    def filters(self, length: int) -> torch.Tensor:
        """Return the filters (directions, H, length).

        With t = a·i + j and a about sqrt(length), e^(tΔA) is a product of a power for i and one for j: the sum over the
        states is a matrix product for each channel, and exponentials are taken for 2·sqrt(length) places in all.
        """
        poles = torch.complex(-self.log_decay.exp(), self.frequency)
        exponent = poles * self.log_step.exp()[:, None]
        weights = torch.view_as_complex(self.output) * torch.expm1(exponent) / poles
        places = torch.arange(math.isqrt(length - 1) + 1, device=exponent.device)
        fine = torch.exp(exponent[..., None] * places)
        coarse = weights[..., None] * torch.exp(exponent[..., None] * (places * len(places)))
        with torch.autocast(poles.device.type, enabled=False):
            left = torch.cat((coarse.real, -coarse.imag), dim=-2)
            taps = left.mT @ torch.cat((fine.real, fine.imag), dim=-2)
        return 2 * taps.flatten(-2)[..., :length]

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        k, *reverse = self.filters(rows.shape[-1])
        y = long_conv(rows, k, reverse_filter=reverse[0] if reverse else None, skip=self.skip, activation="gelu")
        return functional.glu(self.mix(self.dropout(y)), dim=1)
