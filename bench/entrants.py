"""Who runs in a case: every peer that can, and longwing's own runs that a bar compares it with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bench import problem as problems
from bench.cases import Case
from bench.peers import Peer
from bench.peers.calls import Calls, Problem, Unsupported

FLOAT32 = "longwing, float32"
PLAIN = "longwing, plain"
ONE_THREAD = ", 1 thread"
"""Names of the runs beside a case in a half type, one with features, and one with more threads."""

Expected = dict[str, tuple[Any, ...]]


@dataclass(frozen=True)
class Entrant:
    """One that runs: its calls, and what is right of each measure."""

    name: str
    version: str
    calls: Calls
    expected: Expected


def line_up(case: Case, peers: Sequence[Peer]) -> tuple[list[Entrant], dict[str, str]]:
    """Return the case's entrants, the first peer first, and why the other peers are not among them."""
    problem = problems.make(case)
    expected = problems.expected(problem, case.measures)
    entrants, absent = [], {}
    for peer in peers:
        try:
            calls = peer.prepare(problem)
        except Unsupported as reason:
            absent[peer.name] = str(reason)
        except Exception as error:  # a peer's failure is the peer's result
            absent[peer.name] = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
        else:
            entrants.append(Entrant(peer.name, peer.version, calls, expected))
            if case.threads > 1 and peer.set_threads:
                limited = _with_threads(calls, peer.set_threads, 1, case.threads)
                entrants.append(Entrant(peer.name + ONE_THREAD, peer.version, limited, expected))
    return entrants + _baselines(case, problem, expected, peers[0]), absent


def _baselines(case: Case, problem: Problem, expected: Expected, us: Peer) -> list[Entrant]:
    if case.features:
        plain = replace(case, features=())
        baseline = problems.make(plain)
        return [Entrant(PLAIN, us.version, us.prepare(baseline), problems.expected(baseline, case.measures))]
    if case.dtype in ("float16", "bfloat16"):
        return [Entrant(FLOAT32, us.version, us.prepare(replace(problem, dtype="float32")), expected)]
    return []


def _with_threads(calls: Calls, set_threads: Callable[[int], None], count: int, usual: int) -> Calls:
    def limited(call: Callable[[], Any] | None) -> Callable[[], Any] | None:
        if call is None:
            return None

        def run() -> Any:
            set_threads(count)
            try:
                return call()
            finally:
                set_threads(usual)

        return run

    return Calls(limited(calls.full), limited(calls.cached), limited(calls.train))
