"""What can be wrong with data, or with what was asked of it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


class DataError(Exception):
    """Base of this package's errors."""


class MissingDataError(DataError, FileNotFoundError):
    """A file, directory or package that a data set needs is not there; the text says where to get it."""

    def __init__(self, what: str, *, where: Path | None, tried: Iterable[str] = (), advice: str) -> None:
        looked = f" under {where} (looked for {', '.join(tried)})" if where is not None else ""
        super().__init__(f"{what} is not there{looked}: {advice}")


class CorruptDataError(DataError, ValueError):
    """A file is there and does not hold what its layout says; the text names the file."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"{path} is corrupt: {problem}")
        self.path = path


class OptionError(DataError, ValueError):
    """An option that a data set does not have, or a value that it does not support."""

    def __init__(self, option: str, value: object, supported: str) -> None:
        super().__init__(f"{option} is {value!r}: supported {supported}")
