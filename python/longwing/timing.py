"""Times several ways to compute one thing, side by side, and only those that do compute it."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

SHORTEST_SAMPLE = 5e-3
"""Seconds: below this a sample is several calls, so that the clock and its call do not weigh in, and as long go calls
before it untimed: for the first few milliseconds a contender still pays for the caches that the one before has filled."""


@dataclass(frozen=True)
class Contender:
    """One way to compute the thing: `call` takes nothing and returns the result."""

    name: str
    call: Callable[[], Any]


@dataclass(frozen=True)
class Timing:
    """What was measured of one contender. A rejected one has no times."""

    name: str
    error: float
    """Error of its result, as the caller measures it; NaN where it raised."""

    seconds: tuple[float, ...]
    """Seconds of a call, one entry a round."""

    rejected: str = ""
    """Why it was not timed; empty where it was."""

    @property
    def median(self) -> float:
        """Median seconds of a call. Raises ValueError where the contender was rejected."""
        if not self.seconds:
            raise ValueError(f"{self.name} was not timed: {self.rejected}")
        return statistics.median(self.seconds)

    @property
    def spread(self) -> float:
        """Interquartile range of the rounds over their median. Raises ValueError where the contender was rejected."""
        low, high = (statistics.quantiles(self.seconds, n=4)[i] for i in (0, 2)) if len(self.seconds) > 1 else (0, 0)
        return (high - low) / self.median


def compare(
    contenders: Sequence[Contender],
    *,
    error: Callable[[Any], float],
    limit: float,
    rounds: int = 9,
    progress: Callable[[int, int], None] | None = None,
    warm_up: float = SHORTEST_SAMPLE,
) -> list[Timing]:
    """Verify every contender, then time those that are right, interleaved.

    Parameters
    ----------
    contenders : sequence of Contender
        Timed in rounds: each round calls all of them, starting one further than the round before, so that what slows
        the machine down for a while slows all of them down. A call shorter than 5 ms is repeated within its sample.
    error : callable
        Takes a result and returns its error, a float.
    limit : float
        Largest error of a right result. A contender with a larger error, NaN, or an exception is rejected.
    rounds : int
        Samples of each contender, at least 1.
    progress : callable, optional
        Called with the rounds done and their number.
    warm_up : float
        Seconds of untimed calls before each sample, in which its caches fill; more where the threads of the contender
        before may still be looking for work.

    Returns
    -------
    list of Timing
        One for each contender, in their order.

    Raises
    ------
    ValueError
        `rounds` below 1.
    """
    if rounds < 1:
        raise ValueError(f"rounds is {rounds}: supported are 1 and more")
    verdicts = [_verify(contender, error, limit) for contender in contenders]
    racing = [i for i, verdict in enumerate(verdicts) if not verdict.rejected]
    seconds = {i: _sample(contenders[i].call, 1) for i in racing}
    repeats = {i: max(1, round(SHORTEST_SAMPLE / seconds[i])) for i in racing}
    untimed = {i: max(1, round(warm_up / seconds[i])) for i in racing}
    samples: dict[int, list[float]] = {i: [] for i in racing}
    for done in range(rounds):
        start = done % max(1, len(racing))
        for i in racing[start:] + racing[:start]:
            _sample(contenders[i].call, untimed[i])
            samples[i].append(_sample(contenders[i].call, repeats[i]))
        if progress:
            progress(done + 1, rounds)
    return [
        Timing(verdict.name, verdict.error, tuple(samples.get(i, ())), verdict.rejected)
        for i, verdict in enumerate(verdicts)
    ]


def _verify(contender: Contender, error: Callable[[Any], float], limit: float) -> Timing:
    """Return a Timing without times. Whatever a contender raises is its own failure, not the comparison's."""
    try:
        found = error(contender.call())
    except Exception as failure:
        reason = str(failure).partition("\n")[0] or "no message"
        return Timing(contender.name, float("nan"), (), f"{type(failure).__name__}: {reason}")
    rejected = "" if found <= limit else f"wrong result: error {found:.2g}, limit {limit:.2g}"
    return Timing(contender.name, found, (), rejected)


def _sample(call: Callable[[], Any], repeats: int) -> float:
    """Return seconds of one call, the mean of `repeats`, with the garbage collector out of the way."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        start = time.perf_counter()
        for _ in range(repeats):
            call()
        return max(time.perf_counter() - start, 1e-9) / repeats
    finally:
        if collecting:
            gc.enable()
