"""longwing itself, through its public interface."""

from __future__ import annotations

from typing import Any

import longwing

from bench.peers.calls import Calls, Problem, Unsupported

NAME = "longwing"
VERSION = longwing.__version__

set_threads = longwing.set_num_threads


def prepare(problem: Problem) -> Calls:
    """Return the one-shot call, a plan's forward on a cached spectrum, and a plan's spectrum, forward and backward."""
    set_threads(problem.threads)
    u, k, dy = (_native(array, problem.dtype) for array in (problem.u, problem.k, problem.dy))
    arguments = {name: _native(value, problem.dtype) for name, value in problem.arguments.items()}
    reverse = arguments.get("reverse_filter")
    plan = longwing.plan(
        length=u.shape[-1],
        filter_length=k.shape[-1],
        channels=u.shape[-2],
        groups=k.shape[-2],
        reverse_length=0 if reverse is None else reverse.shape[-1],
        dtype=problem.dtype,
    )
    bank = {"filter_bank": True} if "filter_bank" in arguments else {}
    rest = {name: value for name, value in arguments.items() if name not in ("reverse_filter", "filter_bank")}
    kept = plan.spectrum(k, reverse, **bank)

    def train() -> tuple[Any, Any, Any]:
        spectrum = plan.spectrum(k, reverse, **bank)
        y = plan.forward(u, spectrum, **rest)
        gradients = plan.backward(dy, u, spectrum, wanted=("u", "k"), **rest)
        return y, gradients.u, gradients.k

    return Calls(lambda: longwing.long_conv(u, k, **arguments), lambda: plan.forward(u, kept, **rest), train)


def _native(value: Any, dtype: str) -> Any:
    """Return an array in the case's dtype; NumPy has no bfloat16, torch has."""
    if not hasattr(value, "shape") or dtype in ("float32", "float64"):
        return value
    if dtype == "float16":
        return value.astype(dtype)
    try:
        import torch
    except ImportError as error:
        raise Unsupported("NumPy has no bfloat16, and torch is not installed") from error
    return torch.from_numpy(value).to(torch.bfloat16)
