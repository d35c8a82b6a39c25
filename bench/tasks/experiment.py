"""One run: from a config to its record."""

from __future__ import annotations

import hashlib
import json
import os
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import lightning
import longwing
import torch
from lightning.pytorch.loggers import TensorBoardLogger

from bench import machine
from bench.tasks import baselines, checkpoint, kernels, results
from bench.tasks.config import Config
from bench.tasks.data import TaskData, load
from bench.tasks.data_module import TaskDataModule
from bench.tasks.errors import TaskError
from bench.tasks.loader import sharers
from bench.tasks.measures import MEASURES
from bench.tasks.models import build
from bench.tasks.module import TaskModule
from bench.tasks.place import Place
from bench.tasks.presets import data_set, is_papers, run_name
from bench.tasks.recorder import Recorder, processor_seconds


def run(config: Config, place: Place, *, resume: bool = False) -> dict[str, Any]:
    """Train, test at the end of the schedule, and write the record, which is returned.

    With `resume` the training goes on from the run's checkpoint, to the same losses. A TaskError or DataError names what
    can't be used.
    """
    if place.threads:
        torch.set_num_threads(place.threads)
        longwing.set_num_threads(place.threads)
    folder = place.runs / run_name(config)
    folder.mkdir(parents=True, exist_ok=True)
    began, processor_began, commit = time.perf_counter(), processor_seconds(), machine.commit()
    data = load(data_set(config.task), root=place.data, cache=place.runs / "cache", seed=_DATA_SEED, **config.data)
    prepared = time.perf_counter() - began
    steps = total_steps(config, data)
    torch.manual_seed(config.seed)
    module = TaskModule(build(config.model, data), config, data, steps)
    recorder = Recorder(folder, config.training.log_every)
    saved = checkpoint.checked(folder / checkpoint.NAME) if resume else None
    with _expected_warnings():
        trainer = _trainer(config, place, folder, steps, recorder)
        trainer.fit(module, datamodule=TaskDataModule(data, config.training, steps, config.seed), ckpt_path=saved)
        trained = recorder.elapsed()
        trainer.test(module, datamodule=TaskDataModule(data, config.training, steps, config.seed), verbose=False)
    measure = MEASURES[data.kind]
    record = {
        "name": run_name(config),
        "config": config.to_json(),
        "data": _described(data),
        "baselines": baselines.found(config, data, place.data),
        "machine": {**machine.describe(), "torch": torch.__version__, **_devices(trainer)},
        "commit": commit,
        "parameters": sum(parameter.numel() for parameter in module.parameters()),
        "steps": steps,
        "filter": kernels.first_filter(module.model, data.length),
        "filters": kernels.summary(module.model, data.length),
        "curve": recorder.points,
        "figures": module.evaluated(),
        "main": measure.main,
        "higher_is_better": measure.higher_is_better,
        "converged": is_papers(config),
        "seconds": {
            "data": round(prepared, 1),
            "train": round(trained, 1),
            "all": round(recorder.seconds + time.perf_counter() - began, 1),
            "processor": round(recorder.processor + processor_seconds() - processor_began, 1),
        },
    }
    if trainer.is_global_zero:
        results.write(record, place.results)
        (folder / checkpoint.NAME).unlink(missing_ok=True)
    return record


_DATA_SEED = 0
"""Runs with different seeds see the same examples: the seed is the model's and the order's."""


def total_steps(config: Config, data: TaskData) -> int:
    """Return the optimizer steps of the run."""
    training = config.training
    if (training.epochs > 0) == (training.steps > 0):
        raise TaskError(
            f"training.epochs and training.steps are {training.epochs} and {training.steps}: exactly one must be above 0"
        )
    if training.steps:
        return training.steps
    return max(1, training.epochs * len(data.train) // (training.batch * training.accumulate))  # type: ignore[arg-type]


def _trainer(config: Config, place: Place, folder: Path, steps: int, recorder: Recorder) -> lightning.Trainer:
    training = config.training
    devices = place.devices or sharers(training.batch, max(1, torch.cuda.device_count()))
    evaluate = training.evaluate_every * training.accumulate
    # All of the training is one epoch of Lightning's: a run that goes on is the same case wherever it stopped.
    return lightning.Trainer(
        accelerator="auto",
        devices=devices,
        strategy="ddp" if devices > 1 else "auto",
        precision=training.precision,
        max_epochs=1,
        max_steps=steps,
        val_check_interval=evaluate if 0 < evaluate < steps * training.accumulate else 1.0,
        accumulate_grad_batches=training.accumulate,
        gradient_clip_val=training.clip or None,
        num_sanity_val_steps=0,
        use_distributed_sampler=False,
        callbacks=[recorder, checkpoint.Checkpoints(folder, training.checkpoint_every)],
        logger=TensorBoardLogger(folder, name="", version="tensorboard"),
        default_root_dir=folder,
        enable_checkpointing=False,
        enable_model_summary=False,
        enable_progress_bar=not place.quiet,
        log_every_n_steps=1,
    )


def _described(data: TaskData) -> dict[str, Any]:
    sizes = {part: len(getattr(data, part)) for part in ("train", "valid", "test")}
    x, y = data.test[0]
    digest = hashlib.sha256(x.numpy().tobytes() + y.numpy().tobytes()).hexdigest()[:16]
    return {
        "name": data.name,
        "source": data.source,
        "note": data.note,
        "kind": data.kind,
        "length": data.length,
        "examples": sizes,
        "first_test_example": digest,
    }


def _devices(trainer: lightning.Trainer) -> dict[str, Any]:
    kind = trainer.strategy.root_device
    name = torch.cuda.get_device_name(kind) if kind.type == "cuda" else machine.processor()
    return {"device": name, "devices": trainer.world_size, "threads": torch.get_num_threads(), "load": os.getloadavg()[0]}


@contextmanager
def _expected_warnings() -> Iterator[None]:
    """Silence what Lightning says of choices that are meant."""
    with warnings.catch_warnings():
        for message in (
            ".*does not have many workers",
            ".*Checkpoint directory",
            ".*tensorboardX",
            ".*isinstance.treespec",
        ):
            warnings.filterwarnings("ignore", message)
        yield


def describe(record: dict[str, Any]) -> str:
    """Return one line on the record."""
    figures = ", ".join(f"{name} {value:.4f}" for name, value in record["figures"].items())
    seconds = record["seconds"]
    return f"{record['name']}: {figures}; {record['parameters']:,} parameters, {seconds['all']} s ({json.dumps(seconds)})"
