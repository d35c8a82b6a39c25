"""The options of the CMake build: what their values do on a machine without a CUDA compiler, and what is refused."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CMAKE, COMPILER = shutil.which("cmake"), shutil.which("c++")
NO_COMPILER = "no CUDA compiler: put nvcc on PATH or name it in CUDACXX"
MISSING = (NO_COMPILER, "this machine has no NVIDIA driver (LONGWING_CUDA=ON builds the CUDA engine for other machines)")

pytestmark = [
    pytest.mark.skipif(not CMAKE or not COMPILER, reason="cmake or a compiler is not on PATH"),
    pytest.mark.skipif(bool(shutil.which("nvcc", path=os.defpath)), reason="nvcc is where every machine's programs are"),
]


def configure(build: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Configure the library alone, with the system's own programs on PATH."""
    environment = {**os.environ, "PATH": os.defpath, "CMAKE_CXX_COMPILER_LAUNCHER": ""}
    environment.pop("CUDACXX", None)
    command = [str(CMAKE), "-S", str(ROOT), "-B", str(build), f"-DCMAKE_CXX_COMPILER={COMPILER}", *options]
    if ninja := shutil.which("ninja"):
        command += ["-G", "Ninja", f"-DCMAKE_MAKE_PROGRAM={ninja}"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_without_a_cuda_compiler_auto_builds_the_cpu_library_and_says_so(tmp_path: Path) -> None:
    done = configure(tmp_path)
    assert done.returncode == 0, done.stderr
    said = [line for line in done.stdout.splitlines() if "longwing: building the CPU library only: " in line]
    assert len(said) == 1
    assert any(reason in said[0] for reason in MISSING)


def test_off_asks_for_no_cuda_compiler(tmp_path: Path) -> None:
    done = configure(tmp_path, "-DLONGWING_CUDA=OFF")
    assert done.returncode == 0, done.stderr
    assert "CUDA" not in done.stdout


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("-DLONGWING_CUDA=ON", rf"LONGWING_CUDA=ON, but {NO_COMPILER}"),
        ("-DLONGWING_CUDA=yes", r"LONGWING_CUDA=yes is not supported: use one of AUTO;ON;OFF"),
        ("-DLONGWING_SANITIZE=memory", r"LONGWING_SANITIZE=memory is not supported: use one of address;undefined"),
    ],
)
def test_what_can_not_be_built_is_refused(option: str, words: str, tmp_path: Path) -> None:
    done = configure(tmp_path, option)
    assert done.returncode != 0
    assert re.search(words, " ".join(done.stderr.split())), done.stderr
