"""The cache: made once, whole or not at all, and never trusted without its checksums."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bench.tasks.data.cache import cached
from bench.tasks.data.errors import CorruptDataError


def builder(calls: list[Path], value: int = 7) -> Callable[[Path], None]:
    def build(folder: Path) -> None:
        calls.append(folder)
        np.save(folder / "x.npy", np.full(1000, value))

    return build


def made(cache: Path) -> Path:
    (folder,) = cache.glob("set-*")
    return folder


def test_equal_keys_share_what_was_made(tmp_path: Path) -> None:
    calls: list[Path] = []
    for _ in range(2):
        assert (cached(tmp_path, "set", {"seed": 1}, builder(calls))["x"] == 7).all()
    assert len(calls) == 1
    cached(tmp_path, "set", {"seed": 2}, builder(calls))
    cached(tmp_path, "other", {"seed": 1}, builder(calls))
    assert len(calls) == 3


def test_what_is_read_may_be_written_and_stays_on_disk(tmp_path: Path) -> None:
    cached(tmp_path, "set", {}, builder([]))["x"][:] = 0
    assert (cached(tmp_path, "set", {}, builder([]))["x"] == 7).all()


def test_a_build_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def build(folder: Path) -> None:
        np.save(folder / "x.npy", np.zeros(3))
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        cached(tmp_path, "set", {}, build)
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == []
    assert (cached(tmp_path, "set", {}, builder([]))["x"] == 7).all()


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    cached(tmp_path, "set", {}, builder([]))
    folder = made(tmp_path)
    left = tmp_path / f".{folder.name}.dead"
    folder.rename(left)
    cached(tmp_path, "set", {}, builder([]))
    assert not left.exists()
    assert folder.exists()


def test_one_builds_and_the_others_wait(tmp_path: Path) -> None:
    calls: list[Path] = []
    start = threading.Barrier(4)

    def ask() -> None:
        start.wait()
        cached(tmp_path, "set", {}, builder(calls))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == 1


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("file", "damage"),
    [
        ("x.npy", flip),
        ("x.npy", Path.unlink),
        ("x.npy", lambda path: path.write_bytes(path.read_bytes()[:-1])),
        ("manifest.json", lambda path: path.write_text("{")),
        ("manifest.json", lambda path: path.write_text('{"key": {}, "arrays": {}}')),
        ("manifest.json", lambda path: path.write_text("[]")),
        ("manifest.json", Path.unlink),
    ],
)
def test_damage_is_an_error_that_names_the_file(file: str, damage: Callable[[Path], object], tmp_path: Path) -> None:
    cached(tmp_path, "set", {}, builder([]))
    damage(made(tmp_path) / file)
    with pytest.raises(CorruptDataError) as error:
        cached(tmp_path, "set", {}, builder([]))
    assert str(made(tmp_path)) in str(error.value)
    assert file in str(error.value)
