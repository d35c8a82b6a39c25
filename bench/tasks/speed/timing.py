"""Times of several calls, interleaved."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

import torch


def interleaved(calls: Mapping[str, Callable[[], Any]], rounds: int) -> dict[str, dict[str, float]]:
    """Return median and interquartile range over it of each call's seconds; each round begins one call further on."""
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    names = list(calls)
    for call in calls.values():
        call()
    for number in range(rounds):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            gc.collect()
            _wait()
            began = time.perf_counter()
            calls[name]()
            _wait()
            seconds[name].append(time.perf_counter() - began)
    return {name: _summary(values) for name, values in seconds.items()}


def _summary(values: list[float]) -> dict[str, float]:
    median = statistics.median(values)
    low, _, high = statistics.quantiles(values, n=4) if len(values) > 1 else (median, median, median)
    return {"seconds": median, "spread": (high - low) / median}


def _wait() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
