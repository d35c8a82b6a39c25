"""Which examples are for training, for validation and for the test."""

from __future__ import annotations

import numpy as np

from bench.tasks.data.errors import OptionError


def limited(indices: np.ndarray, size: int | None, option: str) -> np.ndarray:
    """Return the first `size` of `indices`, all of them for None."""
    if size is None:
        return indices
    if not 1 <= size <= len(indices):
        raise OptionError(option, size, f"1 to {len(indices)}, or None for all")
    return indices[:size]


def drawn(count: int, seed: int, size: int | None, option: str) -> np.ndarray:
    """Return the examples of a part of `count`: all in their order for None, else `size` that `seed` chooses.

    The first of a file may be of few classes: those of cifar10_jpeg.npz are sorted by theirs.
    """
    return np.arange(count) if size is None else limited(shuffled(count, seed), size, option)


def checked_sizes(**sizes: int) -> dict[str, int]:
    """Return the sizes of parts that are generated, which have to be positive, in their order."""
    for part, size in sizes.items():
        if size < 1:
            raise OptionError(f"{part}_size", size, "1 and more")
    return sizes


def shuffled(count: int, seed: int) -> np.ndarray:
    """Return 0 … count-1 in an order that `seed` chooses."""
    return np.random.default_rng(seed).permutation(count)


def hold_out(
    count: int, seed: int, *, train_size: int | None, valid_size: int | None, fraction: float = 0.1
) -> tuple[np.ndarray, np.ndarray]:
    """Divide `count` shuffled examples into training and validation.

    Validation is `valid_size` examples, or `fraction` of them all for None; it does not depend on `train_size`, which
    takes the first of the others.
    """
    order = shuffled(count, seed)
    held = int(count * fraction) if valid_size is None else valid_size
    if not 1 <= held < count:
        raise OptionError("valid_size", valid_size, f"1 to {count - 1} of the {count} training examples")
    return limited(order[held:], train_size, "train_size"), order[:held]
