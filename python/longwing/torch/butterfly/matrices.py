"""Block matrices: the small DFT matrices that a learned transform trains."""

from __future__ import annotations

from typing import Any

import torch

from longwing.torch.butterfly.roots import Roots

_DELTA_SCALE = 0.01  # section 3.4 of the paper


class BlockMatrices(torch.nn.Module):
    """The matrix of one block size, shared by every stage of that size: (channels, size, size), real and imaginary.

    Learned: parameters that start as the DFT; additive: the DFT plus parameters that start as 0.01·N(0,1). Not learned:
    the DFT. Dropout acts on what is learned, one mask for both parts of a complex entry, in training only.
    """

    def __init__(
        self,
        size: int,
        channels: int,
        *,
        learned: bool,
        additive: bool,
        dropout: float,
        lr: float,
        device: torch.device | None,
        dtype: torch.dtype | None,
    ) -> None:
        super().__init__()
        self.learned, self.additive, self.dropout, self.lr = learned, additive, dropout, lr
        self.dft = Roots(size, size, size, device=device, dtype=dtype)
        self.real: torch.nn.Parameter | None = None
        self.imag: torch.nn.Parameter | None = None
        self.delta_real: torch.nn.Parameter | None = None
        self.delta_imag: torch.nn.Parameter | None = None
        self._names = () if not learned else ("delta_real", "delta_imag") if additive else ("real", "imag")
        for name in self._names:
            setattr(self, name, torch.nn.Parameter(torch.empty(channels, size, size, device=device, dtype=dtype)))
        self._mark()
        self.reset_parameters()

    def _mark(self) -> None:
        for name in self._names:
            getattr(self, name)._optim = {"lr": self.lr, "weight_decay": 0.0}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._mark()  # a Parameter loses its attributes when it is copied or pickled

    @torch.no_grad()
    def reset_parameters(self) -> None:
        """Put the parameters back to their start: the DFT, or 0.01·N(0,1) where they are added to it."""
        for name in self._names:
            value = getattr(self, name)
            if self.additive:
                value.normal_(std=_DELTA_SCALE)
            else:
                value.copy_(getattr(self.dft, name))

    def forward(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the real and imaginary part, each (channels, size, size), or (1, size, size) where not learned."""
        base = self.dft.real.unsqueeze(0), self.dft.imag.unsqueeze(0)
        if not self.learned:
            return base
        real, imag = (getattr(self, name) for name in self._names)
        if self.training and self.dropout:
            mask = torch.nn.functional.dropout(torch.ones_like(real), self.dropout)
            real, imag = real * mask, imag * mask
        return (base[0] + real, base[1] + imag) if self.additive else (real, imag)
