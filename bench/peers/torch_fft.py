"""torch.fft, with torch's autograd."""

from __future__ import annotations

import os
from typing import Any

import torch

from bench.peers.calls import Calls, smooth_length, with_real_fft

NAME = "torch.fft"
VERSION = torch.__version__

torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))


def prepare(u: Any, k: Any, dy: Any) -> Calls:
    """Return the usual product of transforms, and its forward and backward by autograd."""
    n, length = smooth_length(u, k), u.shape[-1]
    signal, taps, gradient = (torch.from_numpy(array) for array in (u, k, dy))
    learned = signal.clone().requires_grad_(), taps.clone().requires_grad_()
    rfft, irfft = torch.fft.rfft, torch.fft.irfft

    def train() -> tuple[Any, Any, Any]:
        x, filters = learned
        y = irfft(rfft(x, n) * rfft(filters, n), n)[..., :length]
        return y.detach(), *torch.autograd.grad(y, learned, gradient)

    calls = with_real_fft(rfft, irfft, signal, taps, n)
    return Calls(calls.full, calls.cached, train)
