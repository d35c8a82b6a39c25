"""The tests beside this one need the libraries of the extra `tasks`: without them, this one says so and they do not run."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = {"pillow": "PIL"}


def test_the_extra_is_installed() -> None:
    extra = re.search(r"^tasks = \[(.*?)\]", (ROOT / "pyproject.toml").read_text(), re.DOTALL | re.MULTILINE)
    assert extra
    names = re.findall(r'"([\w-]+)', extra[1])
    assert "torch" in names
    missing = [name for name in names if importlib.util.find_spec(MODULES.get(name, name)) is None]
    if missing:
        pytest.skip(f"{missing[0]} is not installed: the tests of the tasks do not run")
