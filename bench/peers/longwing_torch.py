"""longwing on torch tensors, with torch's autograd."""

from __future__ import annotations

from typing import Any

import longwing
import longwing.torch
import torch

from bench.peers.calls import Calls, Problem

NAME = "longwing.torch"
VERSION = longwing.__version__


def prepare(problem: Problem) -> Calls:
    """Return the forward call and a training step's forward and backward."""
    problem.require()
    torch.set_num_threads(problem.threads)
    longwing.set_num_threads(problem.threads)
    signal, taps, gradient = (torch.from_numpy(array) for array in (problem.u, problem.k, problem.dy))
    learned = signal.clone().requires_grad_(), taps.clone().requires_grad_()

    def train() -> tuple[Any, Any, Any]:
        y = longwing.torch.long_conv(*learned)
        return y.detach(), *torch.autograd.grad(y, learned, gradient)

    return Calls(full=lambda: longwing.torch.long_conv(signal, taps), train=train)
