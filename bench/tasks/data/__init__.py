"""Data of the tasks: ``load(name, root=..., cache=..., seed=..., **options)``.

`LOADERS` says who makes which data set. A loader is a function ``(request, **options) -> TaskData``; its keyword
arguments are the options, its docstring says what they mean.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.tasks.data.base import Loader, Request, TaskData
from bench.tasks.data.errors import CorruptDataError, DataError, MissingDataError, OptionError

__all__ = [
    "LOADERS",
    "CorruptDataError",
    "DataError",
    "Entry",
    "MissingDataError",
    "OptionError",
    "TaskData",
    "load",
    "options",
]


@dataclass(frozen=True)
class Entry:
    """A loader, "module:function" relative to this package, and the options that the data set's name settles."""

    loader: str
    settled: Mapping[str, Any] = field(default_factory=dict)

    def function(self) -> Loader:
        """Import the loader, which needs libraries of its own."""
        module, _, name = self.loader.partition(":")
        loader: Loader = getattr(importlib.import_module(f"{__name__}.{module}"), name)
        return loader


LOADERS = {
    "listops": Entry("listops:load"),
    "text": Entry("imdb:load"),
    "retrieval": Entry("retrieval:load"),
    "image": Entry("cifar:load", {"grey": True}),
    "pathfinder": Entry("pathfinder.examples:load"),
    "pathx": Entry("pathfinder.examples:load", {"size": 128}),
    "path256": Entry("pathfinder.examples:load", {"size": 256}),
    "scifar": Entry("cifar:load", {"grey": False}),
    "lm": Entry("language:load"),
    "fmri": Entry("fmri:load"),
    "fashion": Entry("fashion:load"),
    "series": Entry("series:load"),
}


def options(name: str) -> dict[str, Any]:
    """Return the options of data set `name`, with their defaults."""
    if name not in LOADERS:
        raise OptionError("name", name, ", ".join(LOADERS))
    parameters = list(inspect.signature(LOADERS[name].function()).parameters.values())[1:]
    return {parameter.name: parameter.default for parameter in parameters if parameter.name not in LOADERS[name].settled}


def load(name: str, *, root: Path | None, cache: Path, seed: int, **chosen: Any) -> TaskData:
    """Return the data of task `name`.

    Parameters
    ----------
    name
        One of `LOADERS`.
    root
        Directory of the data files; generated sets and those from a package need none.
    cache
        Directory for what is generated or decoded; made where it is missing. Equal requests share its files.
    seed
        Of generated sets, of sampled negatives and of splits that the source does not define.
    chosen
        Options of the data set: see `options`.

    Raises
    ------
    MissingDataError
        A file or package is not there; the text says where to get it.
    CorruptDataError
        A file does not hold what it should; the text names it.
    OptionError
        No such data set, option or value.
    """
    known = options(name)
    for option, value in chosen.items():
        if option not in known:
            raise OptionError(f"option {option} of {name}", value, ", ".join(known) or "no options")
    if seed < 0:
        raise OptionError("seed", seed, "0 and more")
    entry = LOADERS[name]
    return entry.function()(Request(name, root, cache, seed), **entry.settled, **chosen)
