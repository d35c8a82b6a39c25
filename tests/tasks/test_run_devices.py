"""Two processes that share each batch train as one does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.tasks import presets, results
from bench.tasks.config import override
from bench.tasks.loader import sharers

ROOT = Path(__file__).resolve().parents[2]
# Dropout differs by process, and a batch norm sees its own half alone: a layer norm, and nothing dropped.
SETTINGS = [
    "data.train_size=32", "data.valid_size=10", "data.test_size=11", "data.length=64", "training.steps=10",
    "training.log_every=2", "training.evaluate_every=5", "training.precision=32-true", "model.norm=layer",
    "model.kernel_dropout=0.0", "model.lam=0.0",
]  # fmt: skip


def trained(data: Path, folder: Path, devices: int) -> dict[str, Any]:
    """Run in processes of its own, as the command does, and return the record."""
    command = [sys.executable, "-m", "bench.tasks", "run", "text", "--preset", "smoke", "--quiet", "--threads", "1"]
    command += ["--data", str(data), "--runs", str(folder / "runs"), "--results", str(folder / "results")]
    command += [part for setting in SETTINGS for part in ("--set", setting)]
    if devices > 1:
        command += ["--devices", str(devices)]
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "", "MASTER_ADDR": "127.0.0.1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    name = presets.run_name(override(presets.config("text", "smoke"), SETTINGS))
    return results.read_one(folder / "results" / f"{name}.json")


@pytest.mark.parametrize(("batch", "available", "expected"), [(50, 1, 1), (50, 4, 2), (50, 8, 5), (64, 8, 8), (7, 4, 1)])
def test_as_many_devices_as_share_a_batch_evenly(batch: int, available: int, expected: int) -> None:
    assert sharers(batch, available) == expected


def test_two_processes_train_as_one(data_folder: Path, tmp_path: Path) -> None:
    """The test set's 11 examples are 6 and 5."""
    one, two = (trained(data_folder, tmp_path / str(devices), devices) for devices in (1, 2))
    assert two["machine"]["devices"] == 2
    assert two["steps"] == one["steps"]
    assert two["figures"] == pytest.approx(one["figures"], rel=1e-3)
    for ours, theirs in zip(two["curve"], one["curve"], strict=True):
        assert ours.pop("seconds") >= 0
        assert theirs.pop("seconds") >= 0
        assert ours == pytest.approx(theirs, rel=1e-3)
