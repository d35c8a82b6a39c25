"""The long convolution layer over learned butterflies."""

from __future__ import annotations

from typing import Any

import torch
from longwing.torch import ButterflyConv, LongConv
from torch.nn import functional


class ButterflyLongConv(LongConv):
    """:class:`longwing.torch.LongConv` whose transforms of u and k are learned, by :class:`longwing.torch.ButterflyConv`.

    One filter for each channel. At the start it is LongConv; once trained it is not causal.
    """

    def __init__(self, d_model: int, l_max: int, *arguments: Any, **options: Any) -> None:
        super().__init__(d_model, l_max, *arguments, **options)
        self.butterfly = ButterflyConv(l_max)

    def convolve(self, u: torch.Tensor) -> torch.Tensor:
        """Return gelu(butterfly(u, k) + D u) as (B, H, L) for u (B, H, L)."""
        y = self.butterfly(u, self.filter(u.shape[-1])[0].to(u.dtype))
        return functional.gelu(y + self.skip[0].to(u.dtype)[:, None] * u)
