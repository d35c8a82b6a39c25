"""Code for one instruction set must not reach a program that runs without it.

The linker keeps one copy of an inline function that several objects define. Were one of them compiled for AVX-512, that
copy could run on a machine without it. So an object of cpp/src/cpu/isa defines nothing but its table.
"""

from __future__ import annotations

import platform
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FLAGS = {
    "base": [],
    "avx2": ["-mavx2", "-mfma", "-mf16c"],
    "avx512": ["-mavx2", "-mfma", "-mf16c", "-mavx512f", "-mavx512dq", "-mavx512bw", "-mavx512vl"],
}

pytestmark = [
    pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="the flags below are those of x86-64"),
    pytest.mark.skipif(not shutil.which("g++") or not shutil.which("nm"), reason="g++ or nm is not installed"),
]


def global_symbols(object_file: Path) -> list[str]:
    """Functions and variables that the linker sees; constants in templates (u, V) are the same for every machine."""
    command = ["nm", "-C", "--defined-only", "--extern-only", str(object_file)]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    symbols = [line.split(" ", 2)[1:] for line in lines if line]
    return [name for kind, name in symbols if kind not in "uV"]


def built_objects(isa: str) -> list[Path]:
    """What builds of this tree left behind, where it is as new as the sources; editable installs keep theirs."""
    sources = [p for folder in ("include", "src") for p in (ROOT / "cpp" / folder).rglob("*.h")]
    newest = max(p.stat().st_mtime for p in [*sources, ROOT / f"cpp/src/cpu/isa/{isa}.cc"])
    objects = ROOT.glob(f"build*/**/longwing_{isa}.dir/**/{isa}.cc.o")
    return [p for p in objects if p.stat().st_mtime >= newest]


@pytest.mark.parametrize("isa", FLAGS)
def test_an_isa_object_defines_its_table_alone(isa: str, tmp_path: Path) -> None:
    objects = built_objects(isa)
    if not objects:
        objects = [tmp_path / "kernels.o"]
        flags = ["-std=gnu++20", "-O1", "-fPIC", "-I", "cpp/include", "-I", "cpp/src", *FLAGS[isa]]
        source = f"cpp/src/cpu/isa/{isa}.cc"
        subprocess.run(["g++", *flags, "-c", source, "-o", str(objects[0])], cwd=ROOT, check=True)
    for path in objects:
        assert global_symbols(path) == [f"longwing::cpu::k_{isa}"], path
