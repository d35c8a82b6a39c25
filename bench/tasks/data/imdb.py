"""Text of the Long Range Arena: the sentiment of a film review, read byte by byte."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bench.tasks.data.base import Request, TaskData
from bench.tasks.data.errors import CorruptDataError
from bench.tasks.data.files import Layout, checked_classes, locate, read_npz, reading, starts_of
from bench.tasks.data.splits import hold_out, limited, shuffled
from bench.tasks.data.tokens import BYTE_VOCABULARY, PADDING, ByteTexts, TextExamples, checked_length

_FOLDERS = ("neg", "pos")
_LAYOUTS = (
    Layout("npz", ("imdb_train.npz", "imdb_test.npz")),
    Layout("official", tuple(f"aclImdb/{part}/{label}" for part in ("train", "test") for label in _FOLDERS)),
)
_ADVICE = "get aclImdb_v1.tar.gz from ai.stanford.edu/~amaas/data/sentiment and unpack it there"


def load(
    request: Request,
    *,
    length: int = 4096,
    train_size: int | None = None,
    valid_size: int | None = 2500,
    test_size: int | None = None,
) -> TaskData:
    """Large Movie Review Dataset: x the first `length` bytes, y 1 for a positive review.

    Texts of the training half that occur in the test half too are left out, then `valid_size`, chosen by the seed, are
    for validation. The test reviews are shuffled, so that its first `test_size` hold both classes.
    """
    checked_length(length)
    layout, paths = locate("IMDB (Large Movie Review Dataset)", request.root, _LAYOUTS, _ADVICE)
    if layout == "npz":
        (training, classes), (tested, tested_classes) = (_read_npz(path) for path in paths)
    else:
        (training, classes), (tested, tested_classes) = _read_folders(paths[:2]), _read_folders(paths[2:])
    seen = {tested[i] for i in range(len(tested))}
    own = np.array([i for i in range(len(training)) if training[i] not in seen])
    chosen, held = hold_out(len(own), request.seed, train_size=train_size, valid_size=valid_size)
    order = limited(shuffled(len(tested), request.seed), test_size, "test_size")
    return TaskData(
        name=request.name,
        train=TextExamples(training, own[chosen], classes[own[chosen]], length),
        valid=TextExamples(training, own[held], classes[own[held]], length),
        test=TextExamples(tested, order, tested_classes[order], length),
        kind="classification",
        vocabulary=BYTE_VOCABULARY,
        channels=None,
        classes=2,
        length=length,
        source="Large Movie Review Dataset (Maas et al. 2011, ai.stanford.edu/~amaas/data/sentiment), to be cited",
        padding_token=PADDING,
        note=f"{len(training) - len(own)} training texts that occur in the test half are left out",
    )


def _read_npz(path: Path) -> tuple[ByteTexts, np.ndarray]:
    data, lengths, labels = read_npz(path, ("data", "length", "label"))
    if len(lengths) != len(labels):
        raise CorruptDataError(path, f"{len(lengths)} texts and {len(labels)} labels")
    return ByteTexts(data, starts_of(lengths, len(data), path), lengths), checked_classes(labels, 2, path)


def _read_folders(folders: list[Path]) -> tuple[ByteTexts, np.ndarray]:
    texts, labels = [], []
    for label, folder in enumerate(folders):
        found = sorted(folder.glob("*.txt"))
        if not found:
            raise CorruptDataError(folder, "it holds no review")
        for path in found:
            with reading(path):
                texts.append(path.read_bytes())
        labels += [label] * len(found)
    return ByteTexts.joined(texts), np.array(labels, np.uint8)
