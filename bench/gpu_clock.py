"""Times on a CUDA device, by its own events."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

_ROUNDS = 9
_SAMPLE_MS = 4.0
"""A sample is as many calls as this takes, so that launches and the clock do not weigh in."""

_MOST_CALLS = 200


@dataclass(frozen=True)
class Times:
    """Milliseconds of a call, one number a round."""

    samples: tuple[float, ...]

    @property
    def median(self) -> float:
        """Of the rounds."""
        return statistics.median(self.samples)

    @property
    def spread(self) -> float:
        """Interquartile range over the median."""
        low, _, high = statistics.quantiles(self.samples, n=4)
        return (high - low) / self.median


class Clock:
    """Calls several contenders in turn, so that what slows the device for a while slows all of them."""

    def interleaved(self, calls: Sequence[Callable[[], Any]]) -> list[Times]:
        """Return the times of each call, warmed up first."""
        repeats = [self._repeats(call) for call in calls]
        samples: list[list[float]] = [[] for _ in calls]
        for first in range(_ROUNDS):
            for i in range(len(calls)):
                j = (first + i) % len(calls)
                samples[j].append(self._sample(calls[j], repeats[j]))
        return [Times(tuple(one)) for one in samples]

    def _repeats(self, call: Callable[[], Any]) -> int:
        self._sample(call, 2)
        once = self._sample(call, 1)
        return max(1, min(_MOST_CALLS, round(_SAMPLE_MS / once)))

    @staticmethod
    def _sample(call: Callable[[], Any], repeats: int) -> float:
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        for _ in range(repeats):
            call()
        end.record()
        end.synchronize()
        return start.elapsed_time(end) / repeats


def copy_bandwidth(size: int = 1 << 30) -> float:
    """Return bytes a second read and written by a copy on the device of `size` bytes."""
    source = torch.empty(size, dtype=torch.uint8, device="cuda")
    target = torch.empty_like(source)
    (times,) = Clock().interleaved([lambda: target.copy_(source)])
    return 2 * size / (times.median * 1e-3)
