"""Training throughput and memory by length: long convolutions over longwing and over torch.fft, S4D, attention."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bench.tasks.config import Model
from bench.tasks.speed import step
from bench.tasks.speed.timing import Elsewhere, interleaved

LENGTHS = tuple(1024 * 2**i for i in range(7))
TOKENS = 65_536
"""Samples of a batch, at every length."""

MODEL = Model(layers=2, width=64, channels=1, norm="batch", kernel_dropout=0.0, heads=4)
LONGEST_SECONDS = 120.0
"""A contender that would take longer for a step, to judge by a shorter length, is left out and named."""


def measure(length: int, *, rounds: int, threads: int, previous: dict[str, Any] | None) -> dict[str, Any]:
    """Return times, throughputs and memory of every contender at one length; `previous` is what a shorter one gave."""
    batch = max(1, TOKENS // length)
    inputs = step.new_batch(batch, length)
    calls: dict[str, Callable[[], float]] = {}
    left_out: dict[str, str] = {}
    for name, layer in step.CONTENDERS.items():
        reason = reason_to_leave_out(name, length, previous)
        if reason:
            left_out[name] = reason
        else:
            calls[name] = step.new_step(step.new_model(layer, MODEL, length), inputs)
    step.check(calls)
    with Elsewhere() as elsewhere:
        timings = interleaved(calls, rounds)
    memory = {name: step.peak_bytes(step.CONTENDERS[name], MODEL, batch, length, threads) for name in calls}
    rows = {
        name: {**timing, "tokens_per_s": batch * length / timing["seconds"], "peak_bytes": memory[name]}
        for name, timing in timings.items()
    }
    sizes = {"length": length, "batch": batch, "rounds": rounds}
    return {**sizes, "elsewhere": elsewhere.share, "contenders": rows, "left_out": left_out}


def reason_to_leave_out(name: str, length: int, previous: dict[str, Any] | None) -> str:
    """Return why the contender is left out at `length`, to judge by `previous`, or nothing."""
    if previous is None:
        return ""
    if name in previous["left_out"]:
        return str(previous["left_out"][name])
    before = previous["contenders"][name]["seconds"]
    growth = length / previous["length"] if name == "attention" else 1  # the number of samples is the same
    return f"{before:.1f} s a step at {previous['length']}" if growth * before > LONGEST_SECONDS else ""
