"""The CUDA engine as it is built: kernels without spills, time and size within a budget, linked by others. Needs nvcc.

Takes minutes, so only for the architectures that LONGWING_PTXAS_ARCHITECTURES names: "80 86 89 90 100 120". CI names one.
"""

from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
ARCHITECTURES = os.environ.get("LONGWING_PTXAS_ARCHITECTURES", "").split()

# Kernels that may spill, how many bytes, and why it costs nothing.
SPILLS = {
    r"split_columns": (
        96,
        "registers saved around the division of a 64-bit unit index, a call that indices below 2^32 do not make",
    ),
    r"_tensorILi1[034]E": (
        96,
        "as the next one: a row's points are loaded and scaled before the first pass",
    ),
    r"(convolve_rows|filter_gradient)IfLi1[456]E": (
        176,
        "512 threads share the registers, 128 each, and 64 of them hold a row's points: addresses wait in L1 meanwhile",
    ),
}
CPU_SECONDS = 300  # of one architecture; twice what it took on a machine that was busy with much else
KIBIBYTES = 2300  # of one architecture, compressed: sm_90, which has clusters, is the largest
RUNTIME_KIBIBYTES = 1200  # the CUDA runtime and the host's code


class Kernel(NamedTuple):
    name: str
    architecture: str
    spilled: int
    registers: int


def parse(log: str) -> list[Kernel]:
    entry = re.compile(
        r"Compiling entry function '(?P<name>\w+)' for 'sm_(?P<architecture>\w+)'.*?"
        r"(?P<stores>\d+) bytes spill stores, (?P<loads>\d+) bytes spill loads.*?Used (?P<registers>\d+) registers",
        re.DOTALL,
    )
    return [
        Kernel(m["name"], m["architecture"], int(m["stores"]) + int(m["loads"]), int(m["registers"]))
        for m in entry.finditer(log)
    ]


def allowed_spill(name: str) -> int:
    return max((most for pattern, (most, _) in SPILLS.items() if re.search(pattern, name)), default=0)


class Build(NamedTuple):
    kernels: list[Kernel]
    seconds: float
    folder: Path
    library: Path


def run(*command: str | Path) -> str:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:]
    return done.stdout


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    if not ARCHITECTURES:
        pytest.skip("LONGWING_PTXAS_ARCHITECTURES names no architecture")
    assert shutil.which("nvcc"), "LONGWING_PTXAS_ARCHITECTURES is set and nvcc is not on PATH"
    folder = tmp_path_factory.mktemp("engine")
    targets = ";".join(f"{architecture}-real" for architecture in ARCHITECTURES)
    options = ["-DLONGWING_CUDA=ON", f"-DCMAKE_CUDA_ARCHITECTURES={targets}", "-DCMAKE_CUDA_FLAGS=-Xptxas -v"]
    run("cmake", "-S", ROOT, "-B", folder, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", *options)
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    log = run("cmake", "--build", folder, "-j", "2", "--target", "longwing_cuda")
    seconds = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    return Build(parse(log), seconds, folder, folder / "cuda/liblongwing_cuda.so")


def test_all_instances_are_there(build: Build) -> None:
    rows, columns = 4 * (11 + 7) + (7 + 6) + 4 * 5 + 2 * 2, 2 * 2 * 4
    for architecture in ARCHITECTURES:
        found = {kernel.name for kernel in build.kernels if kernel.architecture == architecture}
        assert len(found) >= rows + columns + 2, architecture


def test_nothing_spills(build: Build) -> None:
    for kernel in build.kernels:
        print(f"sm_{kernel.architecture} {kernel.registers:4d} registers {kernel.spilled:5d} bytes spilled {kernel.name}")
    assert not [kernel for kernel in build.kernels if kernel.spilled > allowed_spill(kernel.name)]


def test_budget(build: Build) -> None:
    size = build.library.stat().st_size
    print(f"{build.seconds:.0f} s of processor time, {size >> 10} KiB for {ARCHITECTURES}")
    assert build.seconds <= CPU_SECONDS * len(ARCHITECTURES)
    assert size <= (RUNTIME_KIBIBYTES + KIBIBYTES * len(ARCHITECTURES)) * 1024


def test_a_program_finds_the_engine_that_it_links(build: Build, tmp_path: Path) -> None:
    """By find_package(longwing), where the installation was moved to; on a machine without a driver it says so."""
    run("cmake", "--build", build.folder, "-j", "2")
    run("cmake", "--install", build.folder, "--prefix", tmp_path / "first")
    (tmp_path / "first").rename(tmp_path / "prefix")
    use = tmp_path / "use"
    run("cmake", "-S", ROOT / "tests/downstream", "-B", use, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={tmp_path / 'prefix'}")
    run("cmake", "--build", use, "-j", "2")
    assert "NVIDIA driver" in (said := run(use / "downstream_cuda")) or "compute capability" in said


def test_a_spill_is_read() -> None:
    log = (
        "ptxas info    : Compiling entry function '_Z1kv' for 'sm_90'\n"
        "ptxas info    : Function properties for _Z1kv\n"
        "    8 bytes stack frame, 4 bytes spill stores, 12 bytes spill loads\n"
        "ptxas info    : Used 255 registers, used 1 barriers, 8 bytes cumulative stack size\n"
    )
    assert parse(log) == [Kernel("_Z1kv", "90", 16, 255)]
    assert allowed_spill("_Z1kv") == 0
