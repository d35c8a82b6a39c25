"""The filter that a trained model convolves with, for pictures of it."""

from __future__ import annotations

import torch
from longwing.torch import LongConv
from torch import nn

from bench.tasks.models.s4d import S4D

LONGEST = 1024
"""Taps that are kept."""


def first_filter(model: nn.Module, length: int) -> list[float]:
    """Return the first taps of channel 0's filter in the first layer, regularised as it is applied; none of attention's."""
    for layer in model.modules():
        if isinstance(layer, LongConv):
            return _rounded(layer.filter.eval()(length)[0, 0])
        if isinstance(layer, S4D):
            return _rounded(layer.filters(length)[0, 0])
    return []


def _rounded(taps: torch.Tensor) -> list[float]:
    return [float(f"{tap:.4g}") for tap in taps.detach()[:LONGEST].tolist()]
