"""Batches whose order is a function of the seed and the step alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from bench.tasks.errors import TaskError


@dataclass(frozen=True)
class Shard:
    """This process among those that train together: every `count`-th item of each batch, from `index`."""

    index: int = 0
    count: int = 1


def sharers(batch: int, available: int) -> int:
    """Return the most processes, of those available, that have equal shares of a batch."""
    return max(count for count in range(1, available + 1) if batch % count == 0)


class StepSampler(Sampler[list[int]]):
    """The indices of batch `start` to `batches` - 1 of a training that goes over the items again and again.

    Each pass takes the items in an order drawn from (seed, pass) and leaves the incomplete last batch out, so batch i is
    the same wherever the training began: a resumed one goes on with what it would have seen.
    """

    def __init__(
        self, items: int, batch: int, batches: int, *, seed: int, start: int = 0, shard: Shard | None = None
    ) -> None:
        shard = shard or Shard()
        if batch > items:
            raise TaskError(f"training.batch is {batch}: supported are 1 to the {items} training items")
        if batch % shard.count:
            raise TaskError(f"training.batch is {batch}: supported are multiples of the {shard.count} devices")
        self.items, self.batch, self.batches = items, batch, batches
        self.seed, self.start, self.shard = seed, start, shard

    def __iter__(self) -> Iterator[list[int]]:
        per_pass = self.items // self.batch
        order, drawn = torch.empty(0), -1
        for number in range(self.start, self.batches):
            if number // per_pass != drawn:
                drawn = number // per_pass
                generator = torch.Generator().manual_seed((self.seed << 20) + drawn)
                order = torch.randperm(self.items, generator=generator)
            first = number % per_pass * self.batch
            yield order[first : first + self.batch][self.shard.index :: self.shard.count].tolist()

    def __len__(self) -> int:
        return self.batches


class RowSampler(Sampler[list[int]]):
    """The indices of every item once, in their order, by batches; a shard has every `count`-th."""

    def __init__(self, items: int, batch: int, *, shard: Shard | None = None) -> None:
        shard = shard or Shard()
        self.indices = list(range(shard.index, items, shard.count))
        self.batch = batch

    def __iter__(self) -> Iterator[list[int]]:
        for first in range(0, len(self.indices), self.batch):
            yield self.indices[first : first + self.batch]

    def __len__(self) -> int:
        return -(-len(self.indices) // self.batch)


class TrainingLoader(DataLoader[Any]):
    """A loader of a StepSampler's batches that goes on where a checkpoint was.

    The sampler is made for the checkpoint's step; what is kept here says that it is of the same training.
    """

    def __init__(self, dataset: Dataset[Any], sampler: StepSampler, **options: Any) -> None:
        super().__init__(dataset, batch_sampler=sampler, **options)
        self.identity = {name: getattr(sampler, name) for name in ("items", "batch", "batches", "seed")}

    def state_dict(self) -> dict[str, Any]:
        """Return what must not have changed when the training goes on."""
        return dict(self.identity)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Raise unless the checkpoint is of the same training."""
        if state != self.identity:
            raise TaskError(f"the checkpoint is of a training with {state}, this one has {self.identity}")
