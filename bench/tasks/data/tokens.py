"""Texts of different lengths as rows of tokens of one length."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from bench.tasks.data.base import Item
from bench.tasks.data.errors import OptionError

PADDING = 0
BYTE_VOCABULARY = 257
"""Token b + 1 is byte b; token 0 is the padding."""


class ByteTexts:
    """Concatenated UTF-8 texts; text i is data[starts[i] : starts[i] + lengths[i]]."""

    def __init__(self, data: np.ndarray, starts: np.ndarray, lengths: np.ndarray) -> None:
        self._data = torch.from_numpy(data)
        self._starts = torch.from_numpy(starts.astype(np.int64))
        self._lengths = torch.from_numpy(lengths.astype(np.int64))

    @classmethod
    def joined(cls, texts: Sequence[bytes]) -> ByteTexts:
        """Concatenate `texts`."""
        lengths = np.array([len(text) for text in texts], np.int64)
        return cls(np.frombuffer(bytearray(b"".join(texts)), np.uint8), np.cumsum(lengths) - lengths, lengths)

    def __len__(self) -> int:
        return len(self._starts)

    def __getitem__(self, index: int) -> bytes:
        start = int(self._starts[index])
        return self._data[start : start + int(self._lengths[index])].numpy().tobytes()

    def rows(self, indices: Tensor, length: int) -> Tensor:
        """Return (…, length) tokens of the chosen texts: the first `length` bytes, then padding."""
        column = torch.arange(length)
        held = column < self._lengths[indices, None]
        where = (self._starts[indices, None] + column).clamp_(max=len(self._data) - 1)
        return torch.where(held, self._data[where].to(torch.int64) + 1, PADDING)


class TextExamples(torch.utils.data.Dataset[Item]):
    """Chosen texts, alone (L,) or in pairs (2, L), with their classes. `chosen` (N,) or (N, 2) are indices of texts."""

    def __init__(self, texts: ByteTexts, chosen: np.ndarray, classes: np.ndarray, length: int) -> None:
        self._texts, self._length = texts, length
        self._chosen = torch.from_numpy(chosen.astype(np.int64))
        self._classes = torch.from_numpy(classes.astype(np.int64))

    @property
    def labels(self) -> np.ndarray:
        """Every y, without making an x."""
        return self._classes.numpy()

    def __len__(self) -> int:
        return len(self._classes)

    def __getitem__(self, index: int) -> Item:
        return self._texts.rows(self._chosen[index], self._length), self._classes[index]

    def __getitems__(self, indices: Sequence[int]) -> list[Item]:
        chosen = torch.as_tensor(indices)
        return list(zip(self._texts.rows(self._chosen[chosen], self._length), self._classes[chosen], strict=True))

    def texts(self, index: int) -> list[bytes]:
        """Return the whole texts of example `index`, for what reads them otherwise."""
        return [self._texts[int(i)] for i in self._chosen[index].reshape(-1)]


def checked_length(length: int) -> int:
    """Return `length`, which has to be positive."""
    if length < 1:
        raise OptionError("length", length, "1 and more")
    return length
