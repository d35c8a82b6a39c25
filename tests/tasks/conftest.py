"""The tasks are a package of the repository's root, which is not installed; their libraries are the extra `tasks`."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

_NEEDED = ("torch", "numba", "PIL", "scipy", "tokenizers", "lightning", "tensorboard")
_MISSING = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
collect_ignore_glob = ["test_data_*.py", "test_run*.py", "test_speed.py"] if _MISSING else []


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The directory of real data: LONGWING_DATA, or shared/data beside the repository."""
    folder = Path(os.environ.get("LONGWING_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("no directory of real data: name one in LONGWING_DATA")
    return folder


@pytest.fixture(scope="session")
def data_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a miniature of every data file, in the layouts that the loaders take."""
    from bench.tasks.miniature import write

    return write(tmp_path_factory.mktemp("data"))
