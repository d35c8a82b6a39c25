"""longwing on torch tensors, with torch's autograd."""

from __future__ import annotations

from typing import Any

import longwing.torch
import torch

from bench.peers.calls import Calls

NAME = "longwing.torch"
VERSION = longwing.__version__


def prepare(u: Any, k: Any, dy: Any) -> Calls:
    """Return the forward call and a training step's forward and backward."""
    signal, taps, gradient = (torch.from_numpy(array) for array in (u, k, dy))
    learned = signal.clone().requires_grad_(), taps.clone().requires_grad_()

    def train() -> tuple[Any, Any, Any]:
        y = longwing.torch.long_conv(*learned)
        return y.detach(), *torch.autograd.grad(y, learned, gradient)

    return Calls(full=lambda: longwing.torch.long_conv(signal, taps), train=train)
