"""The speed commands measure what they say, and write it down."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from bench.tasks.__main__ import main
from bench.tasks.errors import TaskError
from bench.tasks.report import speeds
from bench.tasks.speed import by_length, path256, step, timing
from bench.tasks.speed.timing import Elsewhere, interleaved


def measured(folder: Path, *arguments: str) -> list[dict[str, Any]]:
    assert main(["speed", *arguments, "--rounds", "2", "--threads", "1", "--results", str(folder)]) == 0
    return [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(by_length, "TOKENS", 128)
    monkeypatch.setattr(path256, "LENGTH", 64)


def test_by_length(tmp_path: Path) -> None:
    records = measured(tmp_path, "lengths", "--lengths", "64", "128")
    assert {(record["length"], record["batch"]) for record in records} == {(64, 2), (128, 1)}
    for record in records:
        assert set(record["contenders"]) == {"longwing", "torch.fft", "S4D", "attention"}
        for one in record["contenders"].values():
            assert one["tokens_per_s"] == pytest.approx(128 / one["seconds"])
            assert one["peak_bytes"] > 0
    assert len(speeds.by_length(records).splitlines()) == 4


@pytest.mark.parametrize(
    ("name", "before", "expected"),
    [
        ("attention", {"contenders": {"attention": {"seconds": 60.2}}}, "60.2 s a step at 64"),
        ("attention", {"contenders": {"attention": {"seconds": 59.8}}}, ""),
        ("S4D", {"contenders": {"S4D": {"seconds": 60.2}}}, ""),
        ("S4D", {"contenders": {}, "left_out": {"S4D": "20 s a step at 32"}}, "20 s a step at 32"),
    ],
)
def test_what_would_take_too_long_is_left_out(name: str, before: dict[str, Any], expected: str) -> None:
    """Attention takes twice as long at twice the length, though the number of samples is the same."""
    assert by_length.reason_to_leave_out(name, 128, {"length": 64, "left_out": {}, **before}) == expected


def test_without_a_record_the_shortest_length_tells_what_takes_too_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forty_seconds(calls: dict[str, Any], _rounds: int) -> dict[str, dict[str, float]]:
        return {name: {"seconds": 40.0, "spread": 0.0, "fastest": 40.0} for name in calls}

    monkeypatch.setattr(by_length, "LENGTHS", (16,))
    monkeypatch.setattr(by_length, "interleaved", forty_seconds)
    (record,) = measured(tmp_path, "lengths", "--lengths", "64")
    assert set(record["contenders"]) == {"longwing", "torch.fft", "S4D"}
    assert record["left_out"] == {"attention": "40.0 s a step at 16"}


@pytest.mark.parametrize("what", ["step", "memory", "convolution"])
def test_path256(what: str, tmp_path: Path) -> None:
    (record,) = measured(tmp_path, what, "--layers", "1", "--batch", "1", "--channels", "2")
    if what == "memory":
        assert record["peak_bytes"] > 0
    else:
        seconds = [record["contenders"][name]["seconds"] for name in ("torch.fft", "longwing")]
        assert record["speedup"] == pytest.approx(seconds[0] / seconds[1])
    if what == "step":
        assert len(speeds.split([record]).splitlines()) == 4
        for one in record["contenders"].values():
            assert set(one["split"]) == {"dense products", "batch norms", "optimizer", "the convolution and all else"}
            assert all(seconds > 0 for seconds in one["split"].values())
    assert len(speeds.path256([record]).splitlines()) == 3


def test_each_round_begins_one_call_further_on_and_no_call_is_timed_cold() -> None:
    order: list[str] = []
    found = interleaved({name: lambda name=name: order.append(name) for name in "abc"}, 3)  # type: ignore[misc]
    assert "".join(order) == "aabbcc" + "bbccaa" + "ccaabb"
    assert set(found) == set("abc")


def test_a_long_call_is_timed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "LONG", 0.01)
    order: list[str] = []

    def long() -> None:
        order.append("l")
        time.sleep(0.02)

    assert interleaved({"long": long, "short": lambda: order.append("s")}, 2)["long"]["seconds"] >= 0.02
    assert "".join(order) == "lss" + "ssl"


def test_own_work_is_not_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """All processors were busy for as long as this process, and for half of the time of one besides."""
    began, processor = time.perf_counter(), time.process_time()

    def busy() -> float:
        return time.process_time() - processor + 0.5 * (time.perf_counter() - began)

    monkeypatch.setattr(timing, "_busy_seconds", busy)
    monkeypatch.setattr(timing.os, "cpu_count", lambda: 1)
    with Elsewhere() as elsewhere:
        while time.perf_counter() < began + 0.3:
            pass
    assert elsewhere.share == pytest.approx(0.5, abs=0.1)


def test_models_that_train_to_different_losses_are_not_timed() -> None:
    with pytest.raises(TaskError, match="must agree"):
        step.check({"longwing": lambda: 1.0, "torch.fft": lambda: 1.001})
    with pytest.raises(TaskError, match="not finite"):
        step.check({"longwing": lambda: 1.0, "torch.fft": lambda: 1.0, "S4D": lambda: float("nan")})
