"""A task's data, as every loader returns it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
import torch
from torch import Tensor

from bench.tasks.data.errors import OptionError

Kind: TypeAlias = Literal["classification", "retrieval", "language_model", "regression"]
Item: TypeAlias = tuple[Tensor, Tensor]
Examples: TypeAlias = "torch.utils.data.Dataset[Item]"


@dataclass(frozen=True)
class TaskData:
    """Three sets of (x, y), and what a model must know of them.

    x is (L,) int64 tokens or (L, C) float32, for retrieval (2, L) int64. y is an int64 class; for a language model x one
    token on, (L,); for regression (L, C) float32. L is `length` in every item: shorter sequences end in `padding_token`.
    """

    name: str
    train: Examples
    valid: Examples
    test: Examples
    kind: Kind
    vocabulary: int | None
    """Tokens, the padding among them; None where x is real."""

    channels: int | None
    """C; None where x is tokens."""

    classes: int | None
    """Values of y; None for regression. The vocabulary for a language model."""

    length: int
    source: str
    """Origin and licence, in one line."""

    padding_token: int | None = None
    note: str = ""
    """What a reader of the figures must know, in one line: a lossy copy, a split of our own."""

    bytes_per_token: float | None = None
    """Of the test text, for a language model: bits per byte = bits per token / bytes_per_token."""


class ArrayExamples(torch.utils.data.Dataset[Item]):
    """Rows of arrays that stay as they are stored (bytes, mostly); `convert` makes a batch of x from rows, at use."""

    def __init__(self, x: Tensor, y: Tensor, convert: Callable[[Tensor], Tensor]) -> None:
        if len(x) != len(y):
            raise OptionError("y", f"{len(y)} rows", f"as many as x has, {len(x)}")
        self._x, self._y, self._convert = x, y, convert

    @property
    def labels(self) -> np.ndarray:
        """Every y, without making an x."""
        return self._y.numpy()

    def __len__(self) -> int:
        return len(self._y)

    def __getitem__(self, index: int) -> Item:
        return self._convert(self._x[[index]])[0], self._y[index]

    def __getitems__(self, indices: Sequence[int]) -> list[Item]:
        """Items of a whole batch, converted at once; DataLoader calls it."""
        chosen = torch.as_tensor(indices)
        return list(zip(self._convert(self._x[chosen]), self._y[chosen], strict=True))


@dataclass(frozen=True)
class Request:
    """What `load` was asked for, less the options."""

    name: str
    root: Path | None
    cache: Path
    seed: int


Loader: TypeAlias = Callable[..., TaskData]
