"""Fashion-MNIST as sequences of 784 grey pixels."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np

from bench.tasks.data.base import Request, TaskData
from bench.tasks.data.errors import CorruptDataError
from bench.tasks.data.files import Layout, locate, reading
from bench.tasks.data.images import image_examples, moments, standardized
from bench.tasks.data.splits import drawn, hold_out

_FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
_FOLDERS = ("fashion-mnist/", "FashionMNIST/raw/", "")
_LAYOUTS = tuple(
    Layout("idx", tuple(f"{folder}{file}{suffix}" for file in _FILES)) for folder in _FOLDERS for suffix in (".gz", "")
)
_ADVICE = (
    "get the four files from github.com/zalandoresearch/fashion-mnist, or install Debian's dataset-fashion-mnist and name "
    "share/datasets below its prefix as the data directory"
)


def load(
    request: Request, *, train_size: int | None = None, valid_size: int | None = 6000, test_size: int | None = None
) -> TaskData:
    """Articles of clothing: x (784, 1), standardized by the moments of the 60,000 training images.

    `valid_size` of those, chosen by the seed, are for validation.
    """
    _, paths = locate("Fashion-MNIST", request.root, _LAYOUTS, _ADVICE)
    training, classes, tested, tested_classes = map(read_idx, paths)
    parts = [_pixels(training, classes, paths[0]), _pixels(tested, tested_classes, paths[2])]
    convert = standardized(*moments(parts[0]))
    chosen, held = hold_out(len(classes), request.seed, train_size=train_size, valid_size=valid_size)
    order = drawn(len(tested_classes), request.seed, test_size, "test_size")
    return TaskData(
        name=request.name,
        train=image_examples(parts[0], classes, chosen, convert),
        valid=image_examples(parts[0], classes, held, convert),
        test=image_examples(parts[1], tested_classes, order, convert),
        kind="classification",
        vocabulary=None,
        channels=1,
        classes=10,
        length=parts[0].shape[1],
        source="Fashion-MNIST (Xiao et al. 2017, Zalando), MIT licence",
    )


def read_idx(path: Path) -> np.ndarray:
    """Return the bytes of an idx file (zero, zero, 8 for bytes, rank, sizes, data), gzipped or not."""
    with reading(path):
        content = path.read_bytes()
        content = gzip.decompress(content) if path.suffix == ".gz" else content
        zero, kind, rank = struct.unpack_from(">HBB", content)
        if (zero, kind) != (0, 8):
            raise CorruptDataError(path, f"it begins with {content[:4].hex()}, which no idx file of bytes does")
        shape = struct.unpack_from(f">{rank}I", content, 4)
        return np.frombuffer(content, np.uint8, offset=4 + 4 * rank).reshape(shape)


def _pixels(images: np.ndarray, classes: np.ndarray, path: Path) -> np.ndarray:
    if images.ndim != 3 or len(images) != len(classes) or classes.max(initial=0) > 9:
        raise CorruptDataError(path, f"images {images.shape} do not go with {len(classes)} classes of 0 to 9")
    return images.reshape(len(images), -1, 1)
