"""Images as sequences of pixels, row by row."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from bench.tasks.data.base import ArrayExamples


def standardized(mean: np.ndarray, deviation: np.ndarray) -> Callable[[Tensor], Tensor]:
    """Return what makes (B, L, C) bytes into float32 of zero mean and unit deviation in each channel."""
    shift = torch.as_tensor(mean, dtype=torch.float32)
    scale = torch.as_tensor(deviation, dtype=torch.float32)
    return lambda pixels: (pixels.float() - shift) / scale


def moments(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of each channel of (N, L, C) bytes, exactly, from histograms."""
    values = np.arange(256, dtype=np.float64)
    counts = np.stack([np.bincount(pixels[..., c].ravel(), minlength=256) for c in range(pixels.shape[-1])])
    mean = counts @ values / counts.sum(1)
    return mean, np.sqrt(counts @ values**2 / counts.sum(1) - mean**2)


def image_examples(
    pixels: np.ndarray, labels: np.ndarray, indices: np.ndarray, convert: Callable[[Tensor], Tensor]
) -> ArrayExamples:
    """Return the chosen images (N, L, C) with their classes."""
    chosen = torch.from_numpy(np.ascontiguousarray(pixels[indices]))
    return ArrayExamples(chosen, torch.from_numpy(labels[indices].astype(np.int64)), convert)
