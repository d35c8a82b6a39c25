"""CIFAR-10 as sequences of 1,024 pixels, in colour or grey."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np

from bench.tasks.data.base import Request, TaskData
from bench.tasks.data.cache import cached
from bench.tasks.data.errors import CorruptDataError
from bench.tasks.data.files import Layout, checked_classes, locate, read_npz, reading, starts_of
from bench.tasks.data.images import image_examples, moments, standardized
from bench.tasks.data.splits import drawn, hold_out

_BATCHES = (*(f"data_batch_{i}" for i in range(1, 6)), "test_batch")
_LAYOUTS = (
    Layout("official", tuple(f"cifar-10-batches-py/{batch}" for batch in _BATCHES)),
    Layout("jpeg", ("cifar10_jpeg.npz",)),
)
_ADVICE = "get 'CIFAR-10 python version' from www.cs.toronto.edu/~kriz/cifar.html and unpack it there"
_SOURCE = "CIFAR-10 (Krizhevsky 2009, www.cs.toronto.edu/~kriz/cifar.html), for research"


def load(
    request: Request,
    *,
    grey: bool,
    train_size: int | None = None,
    valid_size: int | None = 5000,
    test_size: int | None = None,
) -> TaskData:
    """CIFAR-10: x (1024, 3), or (1024, 1), the luma .299 R + .587 G + .114 B, standardized by the training images' moments.

    `valid_size` images of the training set, chosen by the seed, are for validation. Grey is Image of the Long Range Arena.
    """
    layout, paths = locate("CIFAR-10", request.root, _LAYOUTS, _ADVICE)
    read = _read_jpeg if layout == "jpeg" else _read_official
    files = [[path.name, path.stat().st_size, path.stat().st_mtime_ns] for path in paths]

    def build(folder: Path) -> None:
        for part, (pixels, labels) in zip(("train", "test"), read(paths), strict=True):
            np.save(folder / f"{part}_pixels.npy", pixels)
            np.save(folder / f"{part}_labels.npy", labels)

    arrays = cached(request.cache, "cifar10", {"version": 1, "layout": layout, "files": files}, build)
    parts = {part: _luma(arrays[f"{part}_pixels"]) if grey else arrays[f"{part}_pixels"] for part in ("train", "test")}
    convert = standardized(*moments(parts["train"]))
    chosen, held = hold_out(len(parts["train"]), request.seed, train_size=train_size, valid_size=valid_size)
    tested = drawn(len(parts["test"]), request.seed, test_size, "test_size")
    return TaskData(
        name=request.name,
        train=image_examples(parts["train"], arrays["train_labels"], chosen, convert),
        valid=image_examples(parts["train"], arrays["train_labels"], held, convert),
        test=image_examples(parts["test"], arrays["test_labels"], tested, convert),
        kind="classification",
        vocabulary=None,
        channels=1 if grey else 3,
        classes=10,
        length=1024,
        source=_SOURCE,
        note="pixels re-encoded as JPEG, which is lossy" if layout == "jpeg" else "",
    )


def _luma(pixels: np.ndarray) -> np.ndarray:
    """Return (N, L, 1) bytes from (N, L, 3), by blocks: as float32 the whole set is 600 MB."""
    weights = np.array([0.299, 0.587, 0.114], np.float32)
    blocks = [np.rint(pixels[i : i + 4096] @ weights).astype(np.uint8) for i in range(0, len(pixels), 4096)]
    return np.concatenate(blocks)[..., None]


def _read_jpeg(paths: list[Path]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Read one .npz of concatenated JPEG files: `data`, `length`, `label`, `is_test`."""
    from PIL import Image

    (path,) = paths
    data, lengths, labels, is_test = read_npz(path, ("data", "length", "label", "is_test"))
    starts = starts_of(lengths, len(data), path)
    if is_test.dtype != bool or not is_test.shape == checked_classes(labels, 10, path).shape == lengths.shape:
        raise CorruptDataError(path, f"label {labels.shape} or is_test {is_test.shape} is not of {len(lengths)} images")
    pixels = np.empty((len(lengths), 1024, 3), np.uint8)
    for i, (start, size) in enumerate(zip(starts, lengths, strict=True)):
        with reading(path):
            image = np.asarray(Image.open(io.BytesIO(data[start : start + size].tobytes())).convert("RGB"))
        if image.shape != (32, 32, 3):
            raise CorruptDataError(path, f"image {i} is {image.shape}, not (32, 32, 3)")
        pixels[i] = image.reshape(1024, 3)
    return [(pixels[~is_test], labels[~is_test]), (pixels[is_test], labels[is_test])]


def _read_official(paths: list[Path]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Read the pickles of the distribution: `data` (N, 3072) by planes, and `labels`."""
    batches = [_read_batch(path) for path in paths]
    training = tuple(np.concatenate(arrays) for arrays in zip(*batches[:-1], strict=True))
    return [(training[0], training[1]), batches[-1]]


def _read_batch(path: Path) -> tuple[np.ndarray, np.ndarray]:
    with reading(path), path.open("rb") as file:
        content = _ArraysOnly(file, encoding="bytes").load()
        planes, labels = np.asarray(content[b"data"]), checked_classes(np.asarray(content[b"labels"]), 10, path)
        return np.ascontiguousarray(planes.reshape(len(labels), 3, 1024).transpose(0, 2, 1)), labels


class _ArraysOnly(pickle.Unpickler):
    """Unpickles NumPy's arrays and plain containers; anything else in the file is refused before it can run."""

    _allowed = frozenset({("_reconstruct", "multiarray"), ("ndarray", "numpy"), ("dtype", "numpy"), ("encode", "_codecs")})

    def find_class(self, module: str, name: str) -> Any:
        if (name, module.rpartition(".")[2]) not in self._allowed:
            raise pickle.UnpicklingError(f"it holds {module}.{name}, which no CIFAR file does")
        return super().find_class(module, name)
