"""The three sets of a task, as Lightning takes them."""

from __future__ import annotations

from typing import Any

import lightning
from torch.utils.data import DataLoader, Dataset

from bench.tasks.config import Training
from bench.tasks.data import TaskData
from bench.tasks.loader import RowSampler, Shard, StepSampler, TrainingLoader


class TaskDataModule(lightning.LightningDataModule):
    """Loaders for the task's sets; the training set's begins at the trainer's step."""

    def __init__(self, data: TaskData, training: Training, steps: int, seed: int) -> None:
        super().__init__()
        self.data, self.training, self.steps, self.seed = data, training, steps, seed

    def train_dataloader(self) -> TrainingLoader:
        assert self.trainer is not None
        accumulate = self.training.accumulate
        sampler = StepSampler(
            len(self.data.train),  # type: ignore[arg-type]
            self.training.batch,
            self.steps * accumulate,
            seed=self.seed,
            start=self.trainer.global_step * accumulate,
            shard=self._shard(),
        )
        return TrainingLoader(self.data.train, sampler, **self._options())

    def val_dataloader(self) -> DataLoader[Any]:
        return self._evaluation(self.data.valid)

    def test_dataloader(self) -> DataLoader[Any]:
        return self._evaluation(self.data.test)

    def _evaluation(self, items: Dataset[Any]) -> DataLoader[Any]:
        sampler = RowSampler(len(items), self.training.batch, shard=self._shard())  # type: ignore[arg-type]
        return DataLoader(items, batch_sampler=sampler, **self._options())

    def _shard(self) -> Shard:
        assert self.trainer is not None
        return Shard(self.trainer.global_rank, self.trainer.world_size)

    def _options(self) -> dict[str, Any]:
        return {"num_workers": self.training.workers, "persistent_workers": self.training.workers > 0}
