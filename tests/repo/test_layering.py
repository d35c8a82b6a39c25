"""The dependency rules of the architecture, read off the sources."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [
    p
    for d in ("cpp", "cuda", "python", "tests", "bench")
    for p in (ROOT / d).rglob("*")
    if p.suffix in {".h", ".cc", ".cuh", ".cu", ".py"}
]


def includes(path: Path) -> list[str]:
    return re.findall(r'#include "([^"]+)"', path.read_text())


@pytest.mark.parametrize(
    ("folder", "allowed"),
    [
        ("cpp/include/longwing", ("longwing/",)),
        ("cpp/src/core", ("longwing/", "core/")),
        ("cpp/src/cpu", ("longwing/", "core/", "cpu/")),
        ("cpp/src/reference", ("longwing/types.h", "reference/")),
        ("cuda/src/device", ("longwing/", "core/", "device/")),
        ("cuda/src/policy", ("core/hd.h", "policy/")),  # tables, and functions of them that host and device call
        ("cuda/src/thread", ("longwing/", "core/", "device/", "policy/", "thread/")),
        ("cuda/src/block", ("longwing/", "core/", "device/", "policy/", "thread/", "warp/", "block/")),
        ("cuda/src/kernel", ("longwing/", "core/", "device/", "policy/", "thread/", "warp/", "block/", "kernel/")),
        ("cuda/src/dispatch", ("longwing/", "core/", "device/", "policy/", "dispatch/")),
    ],
)
def test_includes(folder: str, allowed: tuple[str, ...]) -> None:
    files = [p for p in (ROOT / folder).rglob("*") if p.suffix in {".h", ".cc", ".cuh", ".cu"}]
    assert files
    for path in files:
        for name in includes(path):
            assert name.startswith(allowed), f"{path.relative_to(ROOT)} includes {name}"


def test_kernels_hold_no_standard_code() -> None:
    for path in (ROOT / "cpp/src/cpu/kernels").glob("*.h"):
        headers = set(re.findall(r"#include <([^>]+)>", path.read_text()))
        assert headers <= {"cstddef", "cstdint", "utility", "immintrin.h", "arm_neon.h"}, path.name


def test_bindings_know_no_framework() -> None:
    for path in (ROOT / "python/src").glob("*.*"):
        assert not re.search(r"#include [<\"](torch|ATen|cuda)", path.read_text()), path.name


def test_sizes() -> None:
    long = {str(p.relative_to(ROOT)): n for p in SOURCES if (n := len(p.read_text().splitlines())) > 400}
    assert not long
    assert len((ROOT / "python/src/module.cc").read_text().splitlines()) <= 30
