"""The ablation runs what has no record yet, and nothing that the preset has no time for."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.tasks import ablation, presets
from bench.tasks.__main__ import main

COMMAND = ["ablation", "--tasks", "text", "--variants", "random", "transformer", "--seeds", "2", "--quiet"]


def test_a_second_time_nothing_is_run(
    data_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(presets.CHANGES["ablation"], "text", presets.CHANGES["smoke"]["text"])
    assert ("text", "transformer") in ablation.TOO_SLOW
    places = ["--data", str(data_folder), "--runs", str(tmp_path / "runs"), "--results", str(tmp_path / "results")]
    names = [f"text-ablation-random-seed{seed}" for seed in (0, 1)]

    assert main([*COMMAND, *places]) == 0
    assert [line.split(":")[0] for line in capsys.readouterr().out.splitlines() if "accuracy" in line] == names
    assert sorted(path.stem for path in (tmp_path / "results").glob("*.json")) == names

    assert main([*COMMAND, *places]) == 0
    assert capsys.readouterr().out.splitlines() == [f"{name}: there already" for name in names]


def test_a_record_of_another_config_is_run_again(
    data_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    smoke = presets.CHANGES["smoke"]["text"]
    places = ["--data", str(data_folder), "--runs", str(tmp_path / "runs"), "--results", str(tmp_path / "results")]
    for steps in (12, 8):
        changed = presets.Change(smoke.data, smoke.model, {**smoke.training, "steps": steps})
        monkeypatch.setitem(presets.CHANGES["ablation"], "text", changed)
        assert main(["ablation", "--tasks", "text", "--variants", "random", "--seeds", "1", "--quiet", *places]) == 0
        assert "there already" not in capsys.readouterr().out
