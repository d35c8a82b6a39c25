"""Data sets of Pathfinder images."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numba
import numpy as np
import torch

from bench.tasks.data.base import ArrayExamples, Request, TaskData
from bench.tasks.data.cache import cached
from bench.tasks.data.errors import OptionError
from bench.tasks.data.parallel import for_blocks
from bench.tasks.data.pathfinder.settings import HARD, Settings
from bench.tasks.data.pathfinder.snakes import Rules, Scene, draw_distractors, draw_targets
from bench.tasks.data.pathfinder.stamps import Stamps, markers, stamps
from bench.tasks.data.splits import checked_sizes
from bench.tasks.data.streams import below, stream

_VERSION = 2
_BLOCK = 64
_PART_STRIDE = 1 << 40
"""Image i of part p comes from stream p·2^40 + i, so that no part depends on the size of another."""


def load(
    request: Request,
    *,
    size: int = 32,
    segments: int | None = None,
    distractors: int | None = None,
    distractor_segments: int | None = None,
    contrast: float | None = None,
    continuity: float | None = None,
    train_size: int = 160_000,
    valid_size: int = 20_000,
    test_size: int = 20_000,
    workers: int | None = None,
) -> TaskData:
    """Pathfinder: x (size², 1) grey pixels in [-1, 1], row by row, y 1 where both discs are at the ends of one curve.

    `size` is 32, 64, 128 or 256. None leaves the hard split's value: `segments` of a target (14), `distractors` and
    `distractor_segments`, `contrast` of all curves, `continuity`. `workers` are threads, which change nothing.
    """
    if size not in HARD:
        raise OptionError("size", size, ", ".join(map(str, HARD)))
    changes = {"segments": segments, "distractors": distractors, "distractor_segments": distractor_segments}
    settings = HARD[size].changed({**changes, "snake_contrast": contrast, "continuity": continuity})
    sizes = checked_sizes(train=train_size, valid=valid_size, test=test_size)
    parts = {
        part: _examples(request, settings, number * _PART_STRIDE, count, workers)
        for number, (part, count) in enumerate(sizes.items())
    }
    return TaskData(
        name=request.name,
        **parts,
        kind="classification",
        vocabulary=None,
        channels=1,
        classes=2,
        length=size * size,
        source=f"Pathfinder (Linsley et al. 2018; Tay et al. 2021), generated here, seed {request.seed}",
        note="" if settings == HARD[size] else f"not the hard split: {_differences(settings)}",
    )


def _differences(settings: Settings) -> str:
    usual = asdict(HARD[settings.size])
    return ", ".join(f"{name} {value}" for name, value in asdict(settings).items() if value != usual[name])


def _examples(request: Request, settings: Settings, first: int, count: int, workers: int | None) -> ArrayExamples:
    def build(folder: Path) -> None:
        shape = (count, settings.size * settings.size, 1)
        pixels = np.lib.format.open_memmap(folder / "pixels.npy", "w+", np.uint8, shape)
        labels = np.lib.format.open_memmap(folder / "labels.npy", "w+", np.uint8, (count,))
        generate(settings, pixels, labels, seed=request.seed, first=first, workers=workers)
        pixels.flush()
        labels.flush()

    key = {"version": _VERSION, "seed": request.seed, "first": first, "count": count, **asdict(settings)}
    arrays = cached(request.cache, f"pathfinder{settings.size}", key, build)
    labels = torch.from_numpy(arrays["labels"].astype(np.int64))
    return ArrayExamples(torch.from_numpy(arrays["pixels"]), labels, lambda pixels: pixels / 127.5 - 1)


def generate(
    settings: Settings, pixels: np.ndarray, labels: np.ndarray, *, seed: int, first: int = 0, workers: int | None = None
) -> None:
    """Fill `pixels` (N, size², …) and `labels` (N,), bytes, with images `first` … of `seed`."""
    images = pixels.reshape(len(labels), settings.size, settings.size)
    # Always two tables, so that there is one compiled program for all sizes.
    drawn = tuple(stamps(settings, margin) for margin in (settings.margins * 2)[:2])
    target = settings.snake_contrast * settings.paddle_contrast
    arguments = (Rules.of(settings), drawn, markers(settings), target, settings.snake_contrast)
    for_blocks(len(labels), _BLOCK, lambda i, j: _render(seed, first + i, *arguments, images[i:j], labels[i:j]), workers)


@numba.njit(nogil=True, cache=True)
def _render(
    seed: int,
    first: int,
    rules: Rules,
    drawn: tuple[Stamps, Stamps],
    discs: np.ndarray,
    target_contrast: float,
    distractor_contrast: float,
    images: np.ndarray,
    labels: np.ndarray,
) -> None:
    """Draw images first … into `images` (N, size, size)."""
    mask = np.empty((rules.size, rules.size), np.uint8)
    targets, others, marks = np.empty_like(mask), np.empty_like(mask), np.empty_like(mask)
    tips = np.empty((2, 2, 2), np.int64)
    for i in range(len(labels)):
        random = stream(seed, first + i)
        labels[i], origin = below(random, 2), below(random, 2)
        dashes = drawn[below(random, len(drawn))]
        draw_targets(random, Scene(rules, dashes, mask, targets), tips)
        others[:] = 0
        draw_distractors(random, Scene(rules, dashes, mask, others))
        marks[:] = 0
        _mark(marks, discs, tips[origin, 0])
        _mark(marks, discs, tips[origin if labels[i] == 1 else 1 - origin, 1])
        curves = np.maximum(targets * (target_contrast / 255), others * (distractor_contrast / 255))
        _scale(np.maximum(curves, marks / 255), images[i])


@numba.njit(nogil=True, cache=True)
def _mark(image: np.ndarray, discs: np.ndarray, tip: np.ndarray) -> None:
    """Raise `image` to the disc at `tip`, as it is drawn at that distance from the edges."""
    width, size = len(discs), len(image)
    reach = width // 2
    at = np.empty(2, np.int64)
    for k in range(2):
        beyond = tip[k] - (size - 1 - reach)
        at[k] = tip[k] if tip[k] < reach else reach + max(0, beyond)
    for i in range(width):
        for j in range(width):
            y, x = tip[0] - at[0] + i, tip[1] - at[1] + j
            image[y, x] = max(image[y, x], discs[at[0], at[1], i, j])


@numba.njit(nogil=True, cache=True)
def _scale(values: np.ndarray, image: np.ndarray) -> None:
    """Write `values`, their least as 0 and their greatest as 255."""
    least = values.min()
    scale = 255 / (values.max() - least)
    for y in range(len(image)):
        for x in range(len(image)):
            image[y, x] = int((values[y, x] - least) * scale + 0.5)
