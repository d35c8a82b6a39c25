"""Checkpoints: written whole or not at all, and checked before they are read."""

from __future__ import annotations

import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import lightning
import torch

from bench.tasks.errors import TaskError

NAME = "last.ckpt"


class Checkpoints(lightning.Callback):
    """Saves the training before every `every`-th step, when the evaluation after the last one is done too.

    Between two batches nothing is half done, so the training that goes on from here repeats no point of the curve.
    """

    def __init__(self, folder: Path, every: int) -> None:
        self.path, self.every = folder / NAME, every

    def on_train_batch_start(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        batches = self.every * trainer.accumulate_grad_batches
        if batch_idx and batch_idx % batches == 0:
            aside = self.path.with_suffix(".part")
            trainer.save_checkpoint(aside)
            if trainer.is_global_zero:
                os.replace(aside, self.path)


def checked(path: Path) -> Path:
    """Return the path of a checkpoint that can be read; raise where it is missing or damaged."""
    if not path.is_file():
        raise TaskError(f"{path} is not there: --resume needs the checkpoint of an interrupted run")
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()  # torch.load does not look at the checksums
        if damaged is not None:
            raise TaskError(f"{path} is corrupt: {damaged} in it is not what was written; remove it to begin anew")
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (zipfile.BadZipFile, EOFError, OSError, RuntimeError, pickle.UnpicklingError) as error:
        raise TaskError(f"{path} is corrupt: {type(error).__name__}: {error}; remove it to begin anew") from error
    if "state_dict" not in content or "loops" not in content:
        raise TaskError(f"{path} is no checkpoint of a run: it holds {', '.join(map(str, content))}")
    return path
