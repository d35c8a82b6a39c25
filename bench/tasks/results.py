"""The JSON file of a run."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.tasks.errors import TaskError

FOLDER = Path(__file__).resolve().parents[1] / "results" / "tasks"
KEYS = {
    "name", "config", "data", "baselines", "machine", "commit", "parameters", "steps", "filter", "curve", "figures", "main",
    "converged", "seconds",
}  # fmt: skip


def write(record: dict[str, Any], folder: Path) -> Path:
    """Write the record under its name, whole or not at all, and return the file's path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{record['name']}.json"
    aside = path.with_suffix(".part")
    aside.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    os.replace(aside, path)
    return path


def read(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield every record of the folder, by name."""
    for path in sorted(folder.glob("*.json")):
        yield read_one(path)


def read_one(path: Path) -> dict[str, Any]:
    """Return the record of a file; another file is an error that names it."""
    record = read_json(path)
    if not record.keys() >= KEYS:
        raise TaskError(f"{path} is no record of a run: it must hold {', '.join(sorted(KEYS))}")
    return record


def read_json(path: Path) -> dict[str, Any]:
    """Return the object that a JSON file holds; anything else is an error that names the file."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise TaskError(f"{path} is corrupt: {error}") from error
    if not isinstance(content, dict):
        raise TaskError(f"{path} is no record: it must hold an object")
    return content
