"""Growth of the instruction counts is noticed, for the compiler that has a baseline."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import instructions


def test_growth_of_instructions_is_noticed_above_the_limit() -> None:
    baseline = {"64 full": 100.0, "64 cached": 100.0}
    assert not instructions.grown({"64 full": 104.9, "64 cached": 50.0, "65 full": 1e9}, baseline)
    (line,) = instructions.grown({"64 full": 105.2, "64 cached": 100.0}, baseline)
    assert line.startswith("64 full: 105.2")


def test_baselines_are_kept_by_compiler(tmp_path: Path) -> None:
    path = tmp_path / "instructions.json"
    instructions.save("GCC 12", {"64 full": 1.0}, path)
    instructions.save("GCC 13", {"64 full": 2.0}, path)
    assert instructions.load(path) == {"GCC 12": {"64 full": 1.0}, "GCC 13": {"64 full": 2.0}}


@pytest.mark.parametrize(("version", "status"), [("GCC 12", 1), ("GCC 13", 0)])
def test_another_compiler_records_and_does_not_fail(
    version: str, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(instructions, "obstacle", lambda: "")
    monkeypatch.setattr(instructions, "compiler", lambda program: version)
    monkeypatch.setattr(instructions, "count_all", lambda program: {"64 full": 120.0})
    monkeypatch.setattr(instructions, "load", lambda: {"GCC 12": {"64 full": 100.0}})
    assert instructions.run(Path("program"), recording=False) == status
    assert "64 full" in capsys.readouterr().out


def test_without_the_tool_the_count_is_skipped_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    assert instructions.run(Path("program"), recording=False) == instructions.SKIPPED
    assert "valgrind is not installed" in capsys.readouterr().out
