"""longwing itself, through its public interface."""

from __future__ import annotations

from typing import Any

import longwing

from bench.peers.calls import Calls

NAME = "longwing"
VERSION = longwing.__version__


def prepare(u: Any, k: Any, dy: Any) -> Calls:
    """Return the one-shot call, a plan's forward on a cached spectrum, and a plan's spectrum, forward and backward."""
    plan = longwing.plan(length=u.shape[-1], filter_length=k.shape[-1], channels=u.shape[-2])
    cached = plan.spectrum(k)

    def train() -> tuple[Any, Any, Any]:
        spectrum = plan.spectrum(k)
        y = plan.forward(u, spectrum)
        gradients = plan.backward(dy, u, spectrum, wanted=("u", "k"))
        return y, gradients.u, gradients.k

    return Calls(full=lambda: longwing.long_conv(u, k), cached=lambda: plan.forward(u, cached), train=train)
