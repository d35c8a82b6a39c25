"""Times of several calls, interleaved, and what else the machine did meanwhile."""

from __future__ import annotations

import gc
import os
import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import torch


def interleaved(calls: Mapping[str, Callable[[], Any]], rounds: int) -> dict[str, dict[str, float]]:
    """Return median, interquartile range over it and the least of each call's seconds.

    Each round begins one call further on. Every call that is timed follows an untimed one of the same kind, as a step of
    training follows a step: memory that another contender used is not the same, and some hosts take back what lies free.
    Beside a LONG call that is nothing: it is timed at once.
    """
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    names = list(calls)
    for number in range(rounds):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            first_of_two = _seconds(calls[name])
            seconds[name].append(first_of_two if first_of_two > LONG else _seconds(calls[name]))
    return {name: _summary(values) for name, values in seconds.items()}


LONG = 20.0
"""Seconds."""


class Elsewhere:
    """A context whose `share` is that of the machine's processors which other processes had in it; None where unknown."""

    share: float | None = None

    def __enter__(self) -> Elsewhere:
        self._began = time.perf_counter(), _busy_seconds(), sum(os.times()[:4])
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        began, busy, own = self._began
        now = _busy_seconds()
        if busy is not None and now is not None:
            others = (now - busy) - (sum(os.times()[:4]) - own)
            self.share = round(max(0.0, others) / ((time.perf_counter() - began) * (os.cpu_count() or 1)), 3)


def _busy_seconds() -> float | None:
    """Seconds that all processors were at work since the start, as Linux counts them, those lent to other machines too."""
    path = Path("/proc/stat")
    if not path.exists():
        return None
    user, nice, system, _idle, _waiting, *interrupts = map(int, path.read_text(encoding="ascii").split()[1:9])
    return (user + nice + system + sum(interrupts)) / os.sysconf("SC_CLK_TCK")


def _summary(values: list[float]) -> dict[str, float]:
    median = statistics.median(values)
    low, _, high = statistics.quantiles(values, n=4) if len(values) > 1 else (median, median, median)
    return {"seconds": median, "spread": (high - low) / median, "fastest": min(values)}


def _seconds(call: Callable[[], Any]) -> float:
    gc.collect()
    _wait()
    began = time.perf_counter()
    call()
    _wait()
    return time.perf_counter() - began


def _wait() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
