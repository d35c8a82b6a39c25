"""The filters that a trained model convolves with: one for pictures, and figures of them all."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from longwing.torch import LongConv
from torch import nn

from bench.tasks.models.s4d import S4D

LONGEST = 1024
"""Taps that are kept."""


@torch.no_grad()
def first_filter(model: nn.Module, length: int) -> list[float]:
    """Return the first taps of channel 0's filter in the first layer, regularised as it is applied; none of attention's."""
    first = next(_filters(model, length), None)
    return [] if first is None else _rounded(first[0])


@torch.no_grad()
def summary(model: nn.Module, length: int) -> dict[str, float]:
    """Return the share of taps that are not 0, and that of the filters' energy above half of the Nyquist frequency.

    Means over all filters of all layers, as they are applied; nothing for a model without filters.
    """
    filters = list(_filters(model, length))
    if not filters:
        return {}
    rows = torch.cat(filters)
    energy = torch.fft.rfft(rows.double()).abs().square()
    above = energy[:, energy.shape[-1] // 2 :].sum(-1) / energy.sum(-1).clamp(min=torch.finfo(energy.dtype).tiny)
    return {"nonzero": float((rows != 0).double().mean()), "high_frequency_energy": float(above.mean())}


def _filters(model: nn.Module, length: int) -> Iterator[torch.Tensor]:
    """Yield the filters (H, length) of each layer that has some, of its first bank."""
    for layer in model.modules():
        if isinstance(layer, LongConv):
            yield layer.filter.eval()(length)[0]
        elif isinstance(layer, S4D):
            yield layer.filters(length)[0]


def _rounded(taps: torch.Tensor) -> list[float]:
    return [float(f"{tap:.4g}") for tap in taps[:LONGEST].tolist()]
