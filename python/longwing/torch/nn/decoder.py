"""From rows of features to the model's answer."""

from __future__ import annotations

from typing import Literal

import torch
from torch import nn

from longwing._core import LongwingValueError
from longwing.torch.checks import check_choice, check_integers

Pooling = Literal["mean", "max", "last", "none"]
POOLINGS: tuple[Pooling, ...] = ("mean", "max", "last", "none")


def pool(rows: torch.Tensor, pooling: Pooling, lengths: torch.Tensor | None = None) -> torch.Tensor:
    """Return (B, H) from `rows` (B, H, L): the mean, the largest or the last of each row's first `lengths` samples.

    `lengths` (B,) has integers from 1 to L; None: L for all. "none" returns the samples as (B, L, H), and takes no
    `lengths`.
    """
    check_choice("pooling", pooling, POOLINGS)
    if lengths is not None:
        lengths = _checked_lengths(lengths, rows, pooling).to(rows.device)
    if pooling == "none":
        return rows.mT
    if lengths is None:
        return {"mean": lambda: _mean(rows), "max": lambda: rows.amax(-1), "last": lambda: rows[..., -1]}[pooling]()
    if pooling == "last":
        index = (lengths - 1)[:, None, None].expand(-1, rows.shape[1], 1)
        return rows.gather(-1, index)[..., 0]
    outside = (torch.arange(rows.shape[-1], device=rows.device) >= lengths[:, None])[:, None]
    if pooling == "max":
        return rows.masked_fill(outside, float("-inf")).amax(-1)
    return rows.masked_fill(outside, 0).sum(-1) / lengths.to(rows.dtype)[:, None]


def _mean(rows: torch.Tensor) -> torch.Tensor:
    """The mean over samples. torch's has a gradient of the rows' size that is divided as a whole; a half sum overflows."""
    wide = rows.dtype in (torch.float32, torch.float64)
    return rows.sum(-1) / rows.shape[-1] if wide else rows.mean(-1)


class PooledDecoder(nn.Module):
    """A linear layer on pooled rows: (B, H, L) to (B, outputs), or (B, L, outputs) with pooling "none"."""

    def __init__(self, d_model: int, outputs: int, pooling: Pooling) -> None:
        super().__init__()
        check_choice("pooling", pooling, POOLINGS)
        self.pooling: Pooling = pooling
        self.linear = nn.Linear(d_model, outputs)

    def forward(self, rows: torch.Tensor, lengths: torch.Tensor | None = None) -> torch.Tensor:
        """Return the answer for each row, or for each sample."""
        result: torch.Tensor = self.linear(pool(rows, self.pooling, lengths))
        return result


class RetrievalDecoder(nn.Module):
    """Compares two sequences: rows (2B, H, L), those of pair b at 2b and 2b+1, to (B, outputs).

    The pooled features a, b become [a, b, a·b, a-b], then a linear layer to H, ReLU and a linear layer.
    """

    def __init__(self, d_model: int, outputs: int, pooling: Pooling) -> None:
        super().__init__()
        check_choice("pooling", pooling, POOLINGS[:3])
        self.pooling: Pooling = pooling
        self.compare = nn.Sequential(nn.Linear(4 * d_model, d_model), nn.ReLU(), nn.Linear(d_model, outputs))

    def forward(self, rows: torch.Tensor, lengths: torch.Tensor | None = None) -> torch.Tensor:
        """Return the answer for each pair."""
        pairs = pool(rows, self.pooling, lengths)
        a, b = pairs[0::2], pairs[1::2]
        result: torch.Tensor = self.compare(torch.cat([a, b, a * b, a - b], dim=-1))
        return result


def _checked_lengths(lengths: torch.Tensor, rows: torch.Tensor, pooling: Pooling) -> torch.Tensor:
    """Return `lengths` as int64."""
    check_integers("lengths", lengths)
    if pooling == "none":
        raise LongwingValueError("lengths must be None where nothing is pooled: with pooling='none' and in language models")
    batch, _, length = rows.shape
    if lengths.shape != (batch,):
        raise LongwingValueError(f"lengths must have shape ({batch},), one a sequence, got {tuple(lengths.shape)}")
    lengths = lengths.long()
    if batch and not lengths.is_cuda:  # reading a GPU's values would wait for it
        least, most = (int(value) for value in torch.aminmax(lengths))
        if least < 1 or most > length:
            raise LongwingValueError(f"lengths must be from 1 to L={length}, got {least} to {most}")
    return lengths
