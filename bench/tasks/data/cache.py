"""Arrays on disk under a name that says what made them: written aside, renamed when whole, checked when read."""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from bench.tasks.data.errors import CorruptDataError
from bench.tasks.data.files import reading

_MANIFEST = "manifest.json"


def cached(cache: Path, name: str, key: Mapping[str, object], build: Callable[[Path], None]) -> dict[str, np.ndarray]:
    """Return the arrays, mapped into memory, that `build` writes as .npy files into the folder it is given.

    `key` holds everything that the arrays depend on, as JSON can write it. Of several processes one builds, the others
    wait. A folder that is there but damaged is an error, never rebuilt in silence.
    """
    described = json.dumps({"name": name, **key}, sort_keys=True)
    folder = cache / f"{name}-{hashlib.sha256(described.encode()).hexdigest()[:16]}"
    cache.mkdir(parents=True, exist_ok=True)
    with _locked(cache / f".{folder.name}.lock"):
        if not folder.exists():
            _build(folder, described, build)
    return _read(folder, described)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _build(folder: Path, described: str, build: Callable[[Path], None]) -> None:
    for left in folder.parent.glob(f".{folder.name}.*/"):  # by a process that was killed: this one holds the lock
        shutil.rmtree(left)
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        build(aside)
        arrays = {path.name: [path.stat().st_size, _checksum(path)] for path in sorted(aside.glob("*.npy"))}
        manifest = {"key": json.loads(described), "arrays": arrays}
        (aside / _MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
        aside.rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _read(folder: Path, described: str) -> dict[str, np.ndarray]:
    manifest = folder / _MANIFEST
    with reading(manifest):
        if not manifest.exists():
            raise CorruptDataError(folder, f"it has no {_MANIFEST}; remove it to have it made again")
        content = json.loads(manifest.read_text(encoding="utf-8"))
        if content["key"] != json.loads(described):
            raise CorruptDataError(manifest, f"it describes {content['key']}, not {described}")
        recorded = dict(content["arrays"])
    found = {}
    for name, (size, checksum) in recorded.items():
        path = folder / name
        if not path.exists() or path.stat().st_size != size or _checksum(path) != checksum:
            raise CorruptDataError(path, f"it is not what was written; remove {folder} to have it made again")
        # Copy on write: torch takes no array that it may not write.
        found[path.stem] = np.load(path, mmap_mode="c")
    return found


def _checksum(path: Path) -> int:
    total = 0
    with path.open("rb") as file:
        while block := file.read(1 << 22):
            total = zlib.crc32(block, total)
    return total
