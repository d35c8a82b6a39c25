"""A training that was interrupted goes on to the very same losses; what can't be gone on from is an error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from bench.tasks import checkpoint, experiment, presets
from bench.tasks.config import Config, override
from bench.tasks.errors import TaskError
from bench.tasks.module import TaskModule
from bench.tasks.place import Place
from bench.tasks.recorder import Recorder

# 3 batches a pass, so 14 steps cross passes; dropout, batch norm, clipping, and an evaluation where a checkpoint is.
COMMON = [
    "data.train_size=24", "data.length=64", "training.steps=14", "training.log_every=3", "training.evaluate_every=4",
    "training.clip=1.0", "training.checkpoint_every=4", "model.norm=batch", "model.dropout=0.2", "model.kernel_dropout=0.3",
]  # fmt: skip


class StoppedError(Exception):
    """Stands for whatever ends a training."""


def place(data: Path, folder: Path) -> Place:
    return Place(data, folder / "runs", folder / "results", quiet=True)


def settings(*more: str) -> Config:
    return override(presets.config("text", "smoke"), [*COMMON, *more])


def curve(record: dict[str, Any]) -> list[dict[str, float]]:
    return [{name: value for name, value in point.items() if name != "seconds"} for point in record["curve"]]


def stopped(config: Config, here: Place, batch: int) -> None:
    """Run until the step of that batch, which fails."""
    step = TaskModule.training_step

    def training_step(self: TaskModule, items: Any, batch_idx: int) -> torch.Tensor:
        if batch_idx == batch:
            raise StoppedError
        return step(self, items, batch_idx)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TaskModule, "training_step", training_step)
        with pytest.raises(StoppedError):
            experiment.run(config, here)


@pytest.mark.parametrize(
    ("batch", "more"),
    [(5, []), (12, []), (9, ["training.accumulate=2", "training.steps=6", "training.checkpoint_every=2"])],
)
def test_a_resumed_training_has_the_same_curve(batch: int, more: list[str], data_folder: Path, tmp_path: Path) -> None:
    config = settings(*more)
    expected = experiment.run(config, place(data_folder, tmp_path / "whole"))
    here = place(data_folder, tmp_path / "parts")
    stopped(config, here, batch)
    torch.manual_seed(12345)
    resumed = experiment.run(config, here, resume=True)
    assert curve(resumed) == curve(expected)
    assert resumed["figures"] == expected["figures"]
    files = [tmp_path / part / "runs" / presets.run_name(config) / "metrics.csv" for part in ("whole", "parts")]
    lines = [file.read_text().splitlines() for file in files]
    assert len(lines[0]) == len(lines[1]) == len(expected["curve"]) + 1


def test_the_times_of_a_resumed_training_are_those_of_all_its_parts(
    data_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = place(data_folder, tmp_path)
    stopped(settings(), here, 5)
    load = Recorder.load_state_dict

    def hours_later(self: Recorder, state: dict[str, Any]) -> None:
        load(self, {**state, "seconds": state["seconds"] + 7200, "processor": state["processor"] + 3600})

    monkeypatch.setattr(Recorder, "load_state_dict", hours_later)
    seconds = experiment.run(settings(), here, resume=True)["seconds"]
    assert 7200 < seconds["train"] <= seconds["all"] < 10_000
    assert 3600 < seconds["processor"] < 7200


def test_another_seed_has_another_curve(data_folder: Path, tmp_path: Path) -> None:
    first, second = (experiment.run(settings(f"seed={seed}"), place(data_folder, tmp_path)) for seed in (0, 1))
    assert curve(first) != curve(second)


@pytest.fixture(scope="module")
def interrupted(data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Place, Path]:
    here = place(data_folder, tmp_path_factory.mktemp("interrupted"))
    stopped(settings(), here, 5)
    return here, here.runs / presets.run_name(settings()) / checkpoint.NAME


def flipped(content: bytes) -> bytes:
    """The bytes with one bit of a tensor changed."""
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], flipped, lambda b: b"", lambda b: b"text"])
def test_a_corrupt_checkpoint_is_named(damage: Any, interrupted: tuple[Place, Path]) -> None:
    here, path = interrupted
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    try:
        with pytest.raises(TaskError, match=f"{path.parent.name}/{checkpoint.NAME} is corrupt"):
            experiment.run(settings(), here, resume=True)
    finally:
        path.write_bytes(whole)


def test_a_checkpoint_that_is_none_is_named(interrupted: tuple[Place, Path], tmp_path: Path) -> None:
    path = tmp_path / checkpoint.NAME
    torch.save({"weights": 1}, path)
    with pytest.raises(TaskError, match="no checkpoint of a run"):
        checkpoint.checked(path)


def test_a_checkpoint_of_another_training_is_refused(interrupted: tuple[Place, Path]) -> None:
    here, path = interrupted
    other = settings("training.steps=20")
    folder = here.runs / presets.run_name(other)
    folder.mkdir()
    (folder / checkpoint.NAME).write_bytes(path.read_bytes())
    with pytest.raises(TaskError, match="the checkpoint is of a training with"):
        experiment.run(other, here, resume=True)


def test_resuming_what_was_not_begun_is_an_error(data_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(TaskError, match="--resume needs"):
        experiment.run(settings(), place(data_folder, tmp_path), resume=True)
