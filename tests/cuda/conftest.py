"""Tests that need a CUDA device: skipped with the reason where there is none."""

from __future__ import annotations

from importlib.util import find_spec

import longwing
import pytest


def absence() -> str:
    """Return why there is no device to test on, or nothing where there is one."""
    if not find_spec("torch"):
        return "torch is not installed"
    import torch

    backend = next(one for one in longwing.info()["backends"] if one["name"] == "cuda")
    if not backend["usable"]:
        return f"no CUDA device: {backend['reason']}"
    return "" if torch.cuda.is_available() else "torch was built without CUDA or sees no device"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the tests of this folder where there is no device."""
    if reason := absence():
        for item in items:
            if "tests/cuda/" in item.path.as_posix():
                item.add_marker(pytest.mark.skip(reason=reason))
