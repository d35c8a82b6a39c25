"""Loss and figures of each kind of task."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch.nn import functional

from bench.tasks.data import TaskData

Figures = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Measure:
    """What is minimised, and what is reported."""

    loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
    figures: Callable[[torch.Tensor, torch.Tensor], Figures]
    """Means over a batch, from answers and y; the first is the task's own."""

    main: str
    """The figure of the task's name in tables."""

    higher_is_better: bool


def _cross_entropy(answers: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return functional.cross_entropy(answers.flatten(0, -2).float(), y.flatten())


def _squared_error(answers: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return functional.mse_loss(answers.float(), y)


def _accuracy(answers: torch.Tensor, y: torch.Tensor) -> Figures:
    return {"accuracy": (answers.argmax(-1) == y).double().mean(), "loss": _cross_entropy(answers, y)}


def _bits(answers: torch.Tensor, y: torch.Tensor) -> Figures:
    return {"bits_per_token": _cross_entropy(answers, y) / math.log(2)}


def _errors(answers: torch.Tensor, y: torch.Tensor) -> Figures:
    return {"mse": _squared_error(answers, y), "mae": functional.l1_loss(answers.float(), y)}


_CLASSES = Measure(_cross_entropy, _accuracy, "accuracy", True)
MEASURES = {
    "classification": _CLASSES,
    "retrieval": _CLASSES,
    "language_model": Measure(_cross_entropy, _bits, "bits_per_byte", False),
    "regression": Measure(_squared_error, _errors, "mse", False),
}


def completed(figures: dict[str, float], data: TaskData) -> dict[str, float]:
    """Return the figures with those that follow from them: a language model's bits per byte and perplexity of tokens."""
    if "bits_per_token" not in figures:
        return figures
    bits = figures["bits_per_token"]
    found = {**figures, "perplexity": 2**bits}
    if data.bytes_per_token:
        found["bits_per_byte"] = bits / data.bytes_per_token
    return found
