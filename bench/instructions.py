"""Instructions a sample of the result, counted by callgrind: the figure of speed that no noise of the machine touches.

``python -m bench instructions --program BUILD/tests/cpp/count_instructions`` counts, and compares with the baseline of the
compiler that built the program; ``--record`` writes it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

BASELINE = Path(__file__).resolve().parent / "results" / "instructions.json"
"""Counts by the compiler's version, then by length and measure."""

GROWTH = 0.05
"""A count that grows by more is a regression: what a compiler's register allocation moves by itself stays below."""

LENGTHS = (64, 100, 1000, 1024, 4096, 14113, 16384, 65536, 100003, 262144)
"""Lengths that are checked. Beyond, a count takes long and the passes are the same."""

MEASURES = ("full", "cached", "train")
ISA = "avx2"
"""The tool knows no AVX-512."""

SKIPPED = 77
"""Exit status that CTest takes for a skipped test."""

Counts = dict[str, float]


class CountError(RuntimeError):
    """The tool or the program failed; the message is its own."""


def obstacle() -> str:
    """Return why nothing can be counted here, or nothing."""
    return "" if shutil.which("valgrind") else "valgrind is not installed"


def count(program: Path, length: int, measure: str) -> float:
    """Return the instructions of one call by a sample, K = L, one row of float32."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", "--toggle-collect=counted"]
        environment = os.environ | {"LONGWING_ISA": ISA, "LONGWING_NUM_THREADS": "1"}
        done = subprocess.run(
            [*command, str(program), str(length), measure], capture_output=True, text=True, check=False, env=environment
        )
    collected = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or collected is None or done.stdout.strip() != ISA:
        raise CountError(f"{program.name} {length} {measure}: {done.stdout}{done.stderr}")
    return int(collected[1]) / 2 / length  # two calls are counted


def count_all(program: Path) -> Counts:
    """Return the counts of every length and measure."""
    return {f"{length} {measure}": round(count(program, length, measure), 2) for length in LENGTHS for measure in MEASURES}


def compiler(program: Path) -> str:
    """Return the compiler that made the program, from its comment section. Raises CountError without one."""
    done = subprocess.run(["readelf", "-p", ".comment", str(program)], capture_output=True, text=True, check=False)
    found = re.findall(r"((?:GCC|clang)[^\n]*)", done.stdout)
    if not found:
        raise CountError(f"{program.name} does not say which compiler made it")
    return found[-1].strip()


def grown(counts: Counts, baseline: Counts) -> list[str]:
    """Return a line for each count that is more than GROWTH above the baseline's. One that the baseline lacks is none."""
    return [
        f"{name}: {counted} instructions a sample, {counted / baseline[name] - 1:+.1%} over the baseline's {baseline[name]}"
        for name, counted in counts.items()
        if name in baseline and counted > baseline[name] * (1 + GROWTH)
    ]


def load(path: Path = BASELINE) -> dict[str, Counts]:
    """Return the baselines by compiler; none where there is no file."""
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def save(version: str, counts: Mapping[str, float], path: Path = BASELINE) -> None:
    """Write one compiler's baseline; others keep theirs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(load(path) | {version: dict(counts)}, indent=1) + "\n", encoding="utf-8")


def run(program: Path, *, recording: bool) -> int:
    """Count and print; return 1 where a count has grown, SKIPPED where nothing can be counted."""
    if reason := obstacle():
        print(f"skipped: {reason}")
        return SKIPPED
    version, counts = compiler(program), count_all(program)
    baseline = load().get(version)
    print(f"instructions a sample, {ISA}, one row, K = L; {version}")
    for name, counted in counts.items():
        before = f"   baseline {baseline[name]:9.2f}" if baseline and name in baseline else ""
        print(f"{name:<16}{counted:9.2f}{before}")
    if recording:
        save(version, counts)
        print(f"recorded in {BASELINE.name}")
        return 0
    if baseline is None:
        print("no baseline of this compiler, so nothing is compared; --record adds it")
        return 0
    lines = grown(counts, baseline)
    print("\n".join(lines) or f"none has grown by more than {GROWTH:.0%}")
    return 1 if lines else 0
