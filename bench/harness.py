"""Measures one case: every entrant verified against the float64 result, then timed in interleaved rounds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from longwing import testing
from longwing.timing import SHORTEST_SAMPLE, Contender, Timing, compare

from bench import entrants, limits, native, problem
from bench.cases import Case
from bench.peers import Peer

_WARM_UP = 0.1
"""Seconds of untimed calls before each sample of a case with more threads. Those of scipy look for work for 70 ms after a
call, those of XLA, torch and MKL for 10; and a virtual processor that has slept for long is at first put beside another
on one core: after 100 ms of rest two threads are as fast as one."""


@dataclass(frozen=True)
class Result:
    """One measure of one case; the first timing is the one that ratios refer to."""

    case: Case
    measure: str
    limit: float
    """Largest relative L2 error of a right result."""

    timings: tuple[Timing, ...]
    versions: dict[str, str]
    absent: dict[str, str]
    """Peers that were not asked, and why."""

    fma: float
    """Multiply-add operations a second of one thread, the better of before and after; NaN without a compiler."""


def measure(case: Case, peers: Sequence[Peer], *, rounds: int | None = None, only: Sequence[str] = ()) -> Iterator[Result]:
    """Yield a Result for every measure of the case (of those in `only`, where given), with the peers that can do it."""
    lined_up, absent = entrants.line_up(case, peers)
    limit = testing.tolerance(case.dtype, case.length + case.filter_length)
    for name in case.measures:
        if only and name not in only:
            continue
        able = [(entrant, call) for entrant in lined_up if (call := getattr(entrant.calls, name))]
        contenders = [Contender(entrant.name, _carrying(call, entrant.expected[name])) for entrant, call in able]
        before = _fma()
        warm_up = _WARM_UP if case.threads > 1 else SHORTEST_SAMPLE
        timings = compare(contenders, error=_error, limit=limit, rounds=rounds or case.rounds, warm_up=warm_up)
        versions = {entrant.name: entrant.version for entrant, _ in able}
        idle = {entrant.name: f"has no {name}" for entrant in lined_up if entrant.name not in versions}
        yield Result(case, name, limit, tuple(timings), versions, absent | idle, max(before, _fma()))


def _carrying(call: Callable[[], Any], right: tuple[Any, ...]) -> Callable[[], tuple[Any, Any]]:
    """Return the call with what is right beside its result: entrants of one case may have different right results."""
    return lambda: (call(), right)


def _error(carried: tuple[Any, tuple[Any, ...]]) -> float:
    return problem.relative_error(*carried)


def _fma() -> float:
    try:
        return limits.fma()
    except native.BuildError:
        return float("nan")
