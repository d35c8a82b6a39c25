"""Tests that need a CUDA device: skipped with the reason where there is none."""

from __future__ import annotations

import longwing
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")


def absence() -> str:
    """Return why there is no device to test on, or nothing where there is one."""
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
