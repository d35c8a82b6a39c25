"""The curve of a run: kept through interruptions, written to CSV and TensorBoard."""

from __future__ import annotations

import csv
import os
import time
from pathlib import Path
from typing import Any

import lightning
import torch

from bench.tasks.module import TaskModule

COLUMNS = ("step", "seconds", "loss", "lr")
Point = dict[str, float]


class Recorder(lightning.Callback):
    """Points of the training loss, mean since the last, and of the figures on the validation set.

    `seconds` is training's wall time, and `processor` what it used of processors: after an interruption, that of the parts
    before. `metrics.csv` has one line for each point
    and is written anew where a training goes on, so that it never holds what a lost step logged.
    """

    def __init__(self, folder: Path, every: int) -> None:
        self.path, self.every = folder / "metrics.csv", every
        self.points: list[Point] = []
        self.losses: list[float] = []
        self.seconds = self.processor = 0.0
        self.began = self.processor_began = 0.0

    def state_dict(self) -> dict[str, Any]:
        seconds = {"seconds": self.elapsed(), "processor": self.processor + processor_seconds() - self.processor_began}
        return {"points": self.points, "losses": self.losses, **seconds}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.points, self.losses = list(state_dict["points"]), list(state_dict["losses"])
        self.seconds, self.processor = state_dict["seconds"], state_dict["processor"]

    def elapsed(self) -> float:
        """Return the seconds of training so far."""
        return self.seconds + (time.perf_counter() - self.began if self.began else 0.0)

    def on_train_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        self.began, self.processor_began = time.perf_counter(), processor_seconds()
        self._write(trainer)

    def on_train_batch_end(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        loss = outputs["loss"].detach() * trainer.accumulate_grad_batches
        self.losses.append(float(trainer.strategy.reduce(loss, reduce_op="mean")))
        step = trainer.global_step
        # With gradients that accumulate, several batches end at one step: the last of them has all of its losses.
        full = len(self.losses) >= self.every * trainer.accumulate_grad_batches or step == trainer.max_steps
        if full and (batch_idx + 1) % trainer.accumulate_grad_batches == 0:
            mean = float(torch.tensor(self.losses, dtype=torch.float64).mean())
            rate = trainer.optimizers[0].param_groups[0]["lr"]
            self._add(trainer, {"step": step, "seconds": round(self.elapsed(), 3), "loss": mean, "lr": rate})
            self.losses = []

    def on_validation_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        assert isinstance(pl_module, TaskModule)
        figures = {f"valid_{name}": value for name, value in pl_module.evaluated().items()}
        if trainer.state.fn == "fit":
            self._add(trainer, {"step": trainer.global_step, "seconds": round(self.elapsed(), 3), **figures})

    def _add(self, trainer: lightning.Trainer, point: Point) -> None:
        self.points.append(point)
        values = {name: value for name, value in point.items() if name != "step"}
        for logger in trainer.loggers:
            logger.log_metrics(values, step=int(point["step"]))
        self._write(trainer)

    def _write(self, trainer: lightning.Trainer) -> None:
        if not trainer.is_global_zero:
            return
        names = dict.fromkeys([*COLUMNS, *(name for point in self.points for name in point)])
        with self.path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(names))
            writer.writeheader()
            writer.writerows(self.points)


def processor_seconds() -> float:
    """Return what this process and the children that it waited for have used of processors."""
    return sum(os.times()[:4])
