"""Roots of unity: the constants of a transform."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch


class Roots(torch.nn.Module):
    """exp(-2πi·a·q/period) for a < rows and q < columns, as two real buffers.

    The DFT matrix of r points is rows = columns = period = r; the twiddles between two stages are period = rows·columns.
    Computed in float64 and rounded once, again after each change of dtype, so that ``.double()`` makes them exact. They are
    no part of a state_dict.
    """

    real: torch.Tensor
    imag: torch.Tensor

    def __init__(
        self, rows: int, columns: int, period: int, *, device: torch.device | None = None, dtype: torch.dtype | None = None
    ) -> None:
        super().__init__()
        self.period = period
        for name in ("real", "imag"):
            self.register_buffer(name, torch.empty(rows, columns, device=device, dtype=dtype), persistent=False)
        self.reset()

    def reset(self) -> None:
        """Compute the values anew."""
        rows, columns = self.real.shape
        steps = torch.outer(torch.arange(rows), torch.arange(columns)) % self.period
        angles = torch.arange(self.period).double() * (-2 * math.pi / self.period)
        self.real.copy_(angles.cos()[steps])
        self.imag.copy_(angles.sin()[steps])

    def _apply(self, fn: Callable[..., Any], recurse: bool = True) -> Roots:
        super()._apply(fn, recurse)
        self.reset()
        return self
