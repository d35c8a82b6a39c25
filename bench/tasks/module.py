"""A model in training, as Lightning takes it."""

from __future__ import annotations

import math
from typing import Any

import lightning
import torch
from longwing.torch import parameter_groups
from torch import nn
from torchmetrics import MeanMetric

from bench.tasks.config import Config
from bench.tasks.data import TaskData
from bench.tasks.measures import MEASURES, completed

Batch = tuple[torch.Tensor, torch.Tensor]


class TaskModule(lightning.LightningModule):
    """Loss, figures and optimizer of a run.

    What is random in a step (dropout) is drawn from a seed made of the run's, the step and the process. So a training that
    goes on from a checkpoint draws what it would have drawn, with no generator's state to keep.
    """

    def __init__(self, model: nn.Module, config: Config, data: TaskData, steps: int) -> None:
        super().__init__()
        self.model, self.config, self.data, self.steps = model, config, data, steps
        self.measure = MEASURES[data.kind]
        self.means = nn.ModuleDict()

    def training_step(self, batch: Batch, batch_idx: int) -> torch.Tensor:
        processes = self.trainer.world_size
        torch.manual_seed((self.config.seed << 40) + batch_idx * processes + self.trainer.global_rank)
        x, y = batch
        return self.measure.loss(self._answers(x), y)

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        self._evaluate(batch)

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        self._evaluate(batch)

    def evaluated(self) -> dict[str, float]:
        """Return the figures of the batches evaluated since the last call, over all processes."""
        figures = {name: float(mean.compute()) for name, mean in self.means.items()}  # type: ignore[operator]
        self.means = nn.ModuleDict()
        return completed(figures, self.data)

    def configure_optimizers(self) -> Any:
        training = self.config.training
        # Fused: one pass over the parameters. Lightning refuses to clip a fused optimizer's gradients in mixed precision.
        fused = not (training.clip and training.precision.endswith("-mixed"))
        optimizer = torch.optim.AdamW(parameter_groups(self.model, training.lr, training.weight_decay), fused=fused)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, Cosine(self.steps, training.warmup))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def _evaluate(self, batch: Batch) -> None:
        x, y = batch
        for name, value in self.measure.figures(self._answers(x), y).items():
            if name not in self.means:
                self.means[name] = MeanMetric().to(y.device)
            self.means[name].update(value, weight=len(y))

    def _answers(self, x: torch.Tensor) -> torch.Tensor:
        padding = self.data.padding_token
        answers: torch.Tensor = self.model(x) if padding is None else self.model(x, _lengths(x, padding))
        return answers


class Cosine:
    """The learning rate's factor at a step: up by a line over the first `warmup` of `steps`, then down to 0 by a cosine."""

    def __init__(self, steps: int, warmup: float) -> None:
        self.steps = steps
        self.rising = max(1, round(steps * warmup))

    def __call__(self, step: int) -> float:
        if step < self.rising:
            return (step + 1) / self.rising
        return 0.5 + 0.5 * math.cos(math.pi * (step - self.rising) / max(1, self.steps - self.rising))


def _lengths(tokens: torch.Tensor, padding: int) -> torch.Tensor:
    """The tokens (…, L) of each row without the padding at its end, at least 1."""
    places = torch.arange(1, tokens.shape[-1] + 1, device=tokens.device)
    return (places * (tokens != padding)).amax(-1).clamp(min=1)
