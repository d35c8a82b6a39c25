"""torch.nn.functional.conv1d: direct sums, for short filters."""

from __future__ import annotations

from typing import Any

import torch

from bench.peers.calls import Calls, Problem, Unsupported

NAME = "torch.conv1d"
VERSION = torch.__version__

_LONGEST = 256
"""Taps: a sample costs about a nanosecond a tap, so that beyond it this would be most of the bench's time."""


def prepare(problem: Problem) -> Calls:
    """Return the grouped convolution of the padded signal with the reversed filter, and its gradients by autograd."""
    problem.require()
    if problem.k.shape[-1] > _LONGEST:
        raise Unsupported(f"direct sums are timed up to {_LONGEST} taps")
    channels, taps = problem.k.shape
    signal, gradient = torch.from_numpy(problem.u), torch.from_numpy(problem.dy)
    filters = torch.from_numpy(problem.k)
    learned = signal.clone().requires_grad_(), filters.clone().requires_grad_()

    def convolve(x: Any, k: Any) -> Any:
        weight = k.flip(-1)[:, None]
        return torch.nn.functional.conv1d(torch.nn.functional.pad(x, (taps - 1, 0)), weight, groups=channels)

    def train() -> tuple[Any, Any, Any]:
        y = convolve(*learned)
        return y.detach(), *torch.autograd.grad(y, learned, gradient)

    return Calls(full=lambda: convolve(signal, filters), train=train)
