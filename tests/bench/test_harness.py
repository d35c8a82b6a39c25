"""One measured case: wrong results are not timed, absent peers are told, longwing's own runs stand beside."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest
from longwing import timing
from longwing.timing import Timing

from bench import entrants, harness, peers, record, report
from bench.cases import Case
from bench.peers import Peer
from bench.peers.calls import Calls, Problem, Unsupported

CASE = Case(2, 4, 64, measures=("full", "cached"))


def peer(name: str, prepare: Any, **options: Any) -> Peer:
    return Peer(name, "1", prepare, **options)


def of_longwing(spoil: Any = lambda y: y) -> Any:
    """prepare() of a peer that computes by longwing and then spoils the result."""
    longwing = peers.load("longwing_plan")

    def prepare(problem: Problem) -> Calls:
        calls = longwing.prepare(problem)
        return Calls(full=lambda: spoil(calls.full()))  # type: ignore[misc]

    return prepare


def refuse(problem: Problem) -> Calls:
    raise Unsupported("can't")


def fail(problem: Problem) -> Calls:
    raise OSError("broken\nmore lines")


def test_a_wrong_result_is_not_timed_and_an_absent_peer_is_told() -> None:
    found = [
        peers.load("longwing_plan"),
        peer("shifted", of_longwing(lambda y: y[..., ::-1])),
        peer("nan", of_longwing(lambda y: y * float("nan"))),
        peer("refuses", refuse),
        peer("fails", fail),
    ]
    full, cached = harness.measure(CASE, found, rounds=2)
    by_name = {timing.name: timing for timing in full.timings}
    assert len(by_name["longwing"].seconds) == 2
    for name in ("shifted", "nan"):
        assert not by_name[name].seconds
        assert "wrong result" in by_name[name].rejected
    assert full.absent == {"refuses": "can't", "fails": "OSError: broken"}
    assert cached.absent["shifted"] == "has no cached"
    assert "shifted: wrong result" in "\n".join(report.lines(full))
    assert "can't: refuses (2 of 2 results)" in "\n".join(report.absences([full, cached]))


def test_a_wrong_longwing_is_told_and_has_no_ratio() -> None:
    (full,) = harness.measure(replace(CASE, measures=("full",)), [peer("longwing", of_longwing(lambda y: 2 * y))], rounds=1)
    assert "longwing is not timed: wrong result" in "\n".join(report.lines(full))
    assert record.ratio(record.entry(full), "longwing") is None


@pytest.mark.parametrize(
    ("case", "beside"),
    [
        (Case(1, 4, 64, dtype="float16", measures=("full",)), entrants.FLOAT32),
        (Case(1, 8, 64, features=("gates", "skip"), measures=("full",)), entrants.PLAIN),
        (Case(1, 4, 64, threads=2, measures=("full",)), "longwing" + entrants.ONE_THREAD),
    ],
)
def test_longwings_own_run_stands_beside(case: Case, beside: str) -> None:
    longwing = peers.load("longwing_plan")
    (result,) = harness.measure(case, [longwing], rounds=2)
    assert [timing.name for timing in result.timings] == ["longwing", beside]
    assert not any(timing.rejected for timing in result.timings)


def test_the_run_on_one_thread_has_one_and_gives_the_others_back() -> None:
    import longwing

    counts = []

    def prepare(problem: Problem) -> Calls:
        return Calls(full=lambda: counts.append(longwing.get_num_threads()))

    before = longwing.get_num_threads()
    try:
        lined_up, _ = entrants.line_up(replace(CASE, threads=2), [peer("p", prepare, set_threads=longwing.set_num_threads)])
        longwing.set_num_threads(2)
        for entrant in lined_up:
            entrant.calls.full()  # type: ignore[misc]
        assert counts == [2, 1]
        assert longwing.get_num_threads() == 2
    finally:
        longwing.set_num_threads(before)


def test_samples_of_several_threads_begin_after_a_longer_warm_up(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []

    def compare(*arguments: Any, warm_up: float, **options: Any) -> list[Timing]:
        asked.append(warm_up)
        return timing.compare(*arguments, warm_up=0.0, **options)

    monkeypatch.setattr(harness, "compare", compare)
    for threads in (1, 2):
        next(harness.measure(replace(CASE, threads=threads), [peers.load("longwing_plan")], rounds=1))
    assert asked == [timing.SHORTEST_SAMPLE, harness._WARM_UP]


def test_calls_go_untimed_before_a_sample() -> None:
    calls: list[float] = []
    contender = timing.Contender("slow", lambda: (time.sleep(timing.SHORTEST_SAMPLE), calls.append(time.perf_counter())))
    (found,) = timing.compare([contender], error=lambda _: 0.0, limit=1.0, rounds=2, warm_up=4 * timing.SHORTEST_SAMPLE)
    assert len(found.seconds) == 2
    # Verified and tried, then in each round at least half of the warm-up's four, and the sample.
    assert len(calls) >= 2 + 2 * (2 + 1)
