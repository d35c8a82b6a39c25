"""The long convolution layer over torch's FFT: what one writes without longwing."""

from __future__ import annotations

import torch
from longwing.torch import LongConv
from torch.nn import functional


class LongConvOverTorchFft(LongConv):
    """:class:`longwing.torch.LongConv` with torch.fft's real transforms, zero padded to 2L, then skip and GELU."""

    def convolve(self, u: torch.Tensor) -> torch.Tensor:
        """Return gelu(k * u + D u) as (B, C·H, L) for u (B, H, L)."""
        length = u.shape[-1]
        n = 2 * length
        k = functional.pad(self.filter(length), (0, n - min(length, self.filter.weight.shape[-1])))
        if self.reverse_filter is not None:
            reverse = self.reverse_filter(length)
            first = 1 if self.reverse_lag == "shifted" else 0  # tap j has lag -(j + first), which is place n - first - j
            k = k + functional.pad(reverse, (0, n - reverse.shape[-1])).flip(-1).roll(1 - first, -1)
        wide = u.float()
        spectrum = torch.fft.rfft(wide, n)[:, None] * torch.fft.rfft(k, n)
        y = torch.fft.irfft(spectrum, n)[..., :length] + self.skip[..., None] * wide[:, None]
        return functional.gelu(y.to(u.dtype)).flatten(1, 2)
