"""Data of the tasks: ``load(name, root=..., cache=..., seed=..., **options)``.

`LOADERS` says which module makes which data set. A loader is a function ``(request, **options) -> TaskData``; its keyword
arguments are the options, its docstring says what they mean.
"""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path
from typing import Any

from bench.tasks.data.base import Loader, Request, TaskData
from bench.tasks.data.errors import CorruptDataError, DataError, MissingDataError, OptionError

__all__ = [
    "LOADERS",
    "CorruptDataError",
    "DataError",
    "MissingDataError",
    "OptionError",
    "TaskData",
    "load",
    "options",
]

LOADERS: dict[str, str] = {
    "image": "cifar:grey",
    "scifar": "cifar:colour",
    "text": "imdb:load",
    "retrieval": "retrieval:load",
    "lm": "language:load",
    "fmri": "fmri:load",
    "fashion": "fashion:load",
    "series": "series:load",
}
"""Name -> "module:function", relative to this package; imported at use, since each needs libraries of its own."""


def _loader(name: str) -> Loader:
    if name not in LOADERS:
        raise OptionError("name", name, ", ".join(LOADERS))
    module, _, function = LOADERS[name].partition(":")
    loader: Loader = getattr(importlib.import_module(f"{__name__}.{module}"), function)
    return loader


def options(name: str) -> dict[str, Any]:
    """Return the options of data set `name`, with their defaults."""
    parameters = list(inspect.signature(_loader(name)).parameters.values())[1:]
    return {parameter.name: parameter.default for parameter in parameters}


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
    return _loader(name)(Request(root, cache, seed), **chosen)
