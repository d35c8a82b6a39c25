"""The dependency rules of the architecture, read off the sources."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [
    p
    for d in ("cpp", "cuda", "python", "tests", "bench")
    for p in (ROOT / d).rglob("*")
    if p.suffix in {".h", ".cc", ".cuh", ".cu", ".py"}
]
BELOW_INSTANCES = ("longwing/", "core/", "device/", "policy/", "thread/", "block/", "kernel/")

# Array libraries, and the parts of the package that may import them: a file, or a folder and all that is in it.
ARRAY_LIBRARIES = {
    "numpy": ("numpy.py", "testing.py", "_reference.py", "scipy/", "_cli/"),
    "scipy": ("_cli/",),
    "torch": ("torch/", "_cli/"),
    "jax": ("jax.py",),
}


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
        ("cuda/src/block", ("longwing/", "core/", "device/", "policy/", "thread/", "block/")),
        ("cuda/src/kernel", BELOW_INSTANCES),
        ("cuda/src/instances", (*BELOW_INSTANCES, "instances/", "dispatch/kernel_table.h")),
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


def imports(folder: str) -> Iterator[tuple[str, str]]:
    """Each file of the folder beside the full name of each module that it imports, at its top or in a function."""
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            for name in names:
                yield path.relative_to(ROOT / folder).as_posix(), name


def test_the_package_imports_array_libraries_only_where_it_says_so() -> None:
    seen = set()
    for file, name in imports("python/longwing"):
        library = name.partition(".")[0]
        if library in ARRAY_LIBRARIES:
            seen.add(library)
            assert file.startswith(ARRAY_LIBRARIES[library]), f"{file} imports {name}"
    assert {"numpy", "torch"} <= seen


def test_bench_uses_the_public_interface() -> None:
    used = [(file, name) for file, name in imports("bench") if name.partition(".")[0] == "longwing"]
    assert used
    for file, name in used:
        assert not re.search(r"\._(?!_)", name), f"{file} imports {name}"
    headers = [name for path in (ROOT / "bench").rglob("*.cc") for name in includes(path)]
    assert all(name.startswith("longwing/") for name in headers)


@pytest.mark.parametrize(("folder", "others"), [("python/longwing", {"bench", "tests"}), ("bench", {"tests"})])
def test_nothing_imports_tests_and_the_library_imports_no_bench(folder: str, others: set[str]) -> None:
    for file, name in imports(folder):
        assert name.partition(".")[0] not in others, f"{file} imports {name}"


def test_sizes() -> None:
    long = {str(p.relative_to(ROOT)): n for p in SOURCES if (n := len(p.read_text().splitlines())) > 400}
    assert not long
    assert len((ROOT / "python/src/module.cc").read_text().splitlines()) <= 30
