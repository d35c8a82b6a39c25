"""The operator's own time: calls on tensors so small that there is next to nothing to compute."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from longwing import testing
from longwing.timing import Contender, Timing, compare
from longwing.torch import long_conv

SHAPE = (1, 2, 8)
"""(B, H, L); K = L."""

LIMITS = {"without grad": 15e-6, "forward with grad": 60e-6}
"""Seconds that a call may take, computing included."""

ROUNDS = 60
"""The least of so many is told: what other work on the machine adds is no part of the operator."""


def measure() -> list[Timing]:
    """Time the calls of LIMITS, and forward with backward."""
    generator = torch.Generator().manual_seed(0)
    u, k = torch.randn(SHAPE, generator=generator), torch.randn(SHAPE[1:], generator=generator)
    u_grad, k_grad, dy = u.clone().requires_grad_(), k.clone().requires_grad_(), torch.ones(SHAPE)

    def both() -> torch.Tensor:
        y = long_conv(u_grad, k_grad)
        torch.autograd.grad(y, (u_grad, k_grad), dy)
        return y

    calls: dict[str, Callable[[], torch.Tensor]] = {
        "without grad": lambda: long_conv(u, k),
        "forward with grad": lambda: long_conv(u_grad, k_grad),
        "forward and backward": both,
    }
    expected = testing.reference(u, k)

    def error(y: torch.Tensor) -> float:
        return float(testing.relative_l2(y.detach(), expected))

    contenders = [Contender(name, call) for name, call in calls.items()]
    return compare(contenders, error=error, limit=testing.tolerance("float32", 2 * SHAPE[-1]), rounds=ROUNDS)


def least(timing: dict[str, Any]) -> float | None:
    """Return the shortest time of a call in seconds; None where it was not timed."""
    return min(timing["seconds"], default=None)
