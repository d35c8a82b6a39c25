"""Finding and reading data files: a missing one says where to get it, a corrupt one is named."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.tasks.data.errors import CorruptDataError, MissingDataError


@dataclass(frozen=True)
class Layout:
    """One way in which a data set lies in a directory: files, relative to it, that are there together."""

    name: str
    files: tuple[str, ...]


def locate(what: str, root: Path | None, layouts: Sequence[Layout], advice: str) -> tuple[str, list[Path]]:
    """Return the name of the first layout that lies in `root`, and the paths of its files."""
    if root is not None:
        for layout in layouts:
            paths = [root / file for file in layout.files]
            if all(path.exists() for path in paths):
                return layout.name, paths
    tried = [layout.files[0] for layout in layouts]
    where = "" if root is not None else f"no data directory was named; put {' or '.join(tried)} in one; "
    raise MissingDataError(what, where=root, tried=tried, advice=where + advice)


def package_folder(package: str) -> Path | None:
    """Return the folder of an installed package, which is not imported, or None."""
    spec = importlib.util.find_spec(package)
    folders = list(spec.submodule_search_locations or ()) if spec is not None else []
    return Path(folders[0]) if folders else None


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn what a reader raises on a broken file into an error that names it; one that may not be read stays as it is."""
    try:
        yield
    except (CorruptDataError, FileNotFoundError, PermissionError):
        raise
    except Exception as error:  # formats, and their readers, break in more ways than could be listed
        raise CorruptDataError(path, f"{type(error).__name__}: {error}") from error


def read_npz(path: Path, names: Sequence[str]) -> list[np.ndarray]:
    """Return the named arrays of an .npz file."""
    with reading(path), path.open("rb") as file, np.load(file) as arrays:
        return [arrays[name] for name in names]


def starts_of(lengths: np.ndarray, total: int, path: Path) -> np.ndarray:
    """Return where each of the concatenated pieces begins, having checked that they fill `total` bytes."""
    ends = np.cumsum(lengths, dtype=np.int64)
    if len(ends) == 0 or ends[-1] != total or lengths.min() < 0:
        raise CorruptDataError(path, f"its {len(lengths)} lengths do not add up to its {total} bytes of data")
    return ends - lengths


def checked_classes(classes: np.ndarray, count: int, path: Path) -> np.ndarray:
    """Return the classes, having checked that each is one of 0 to count - 1."""
    integers = classes.ndim == 1 and classes.dtype.kind in "iu"
    if not integers or (len(classes) and not 0 <= classes.min() <= classes.max() < count):
        raise CorruptDataError(path, f"its classes ({classes.dtype}, shape {classes.shape}) are not all 0 to {count - 1}")
    return classes
