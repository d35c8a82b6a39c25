"""Regret: the time of the form that the plan takes over that of the best form there is, on a grid of lengths.

``python -m bench regret --program BUILD/tests/cpp/time_forms`` times one row with its spectrum kept, in every form and in
windows of finer steps than the model's. 1 is a perfect choice.
"""

from __future__ import annotations

import json
import statistics
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

TAPS = (1, 2, 4, 8, 12, 16, 24, 32, 64, 128, 256, 1024, 4096, 16384, 65536)
LENGTHS = (16, 64, 100, 256, 1000, 4096, 16384, 65536, 262144, 1048576)
COARSE_TAPS, COARSE_LENGTHS = (4, 16, 64, 1024, 16384), (64, 1000, 16384, 262144)
"""For the modes and the type whose sums are no others than causal float32's."""

Point = dict[str, Any]


def grid() -> Iterator[tuple[str, str, int, int]]:
    """Yield (mode, dtype, L, K), K up to L."""
    for length in LENGTHS:
        yield from (("causal", "float32", length, taps) for taps in sorted({*TAPS, length}) if taps <= length)
    for mode, dtype in (("causal", "float64"), *((mode, "float32") for mode in ("full", "same", "valid", "circular"))):
        for length in COARSE_LENGTHS:
            yield from ((mode, dtype, length, taps) for taps in sorted({*COARSE_TAPS, length}) if taps <= length)


def run(program: Path, only: Sequence[str] = ()) -> Iterator[Point]:
    """Time, print and yield the points whose name contains one of `only`, all without. Raises RuntimeError on failure."""
    chosen = [point for point in grid() if not only or any(text in _name(*point) for text in only)]
    process = subprocess.Popen([str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin
    assert process.stdout
    with process, process.stdin as to_program:
        for point in chosen:
            to_program.write(" ".join(str(part) for part in point) + "\n")
            to_program.flush()
            line = process.stdout.readline()
            if not line:
                raise RuntimeError(f"{program.name} ended at {_name(*point)}")
            measured = judged(json.loads(line))
            print(told(measured), flush=True)
            yield measured


def judged(timed: dict[str, Any]) -> Point:
    """Return a point: the chosen form, the best one, the regret, by the least times: what disturbs only adds."""
    seconds = [min(form["seconds"]) for form in timed["forms"]]
    best = min(range(len(seconds)), key=seconds.__getitem__)
    return {
        "name": _name(timed["mode"], timed["dtype"], timed["length"], timed["taps"]),
        "isa": timed["isa"],
        "regret": round(seconds[0] / seconds[best], 3),
        "chosen": _form(timed["forms"][0]),
        "best": _form(timed["forms"][best]),
        "ns_a_sample": round(seconds[0] * 1e9 / timed["length"], 3),
        "forms": len(seconds),
    }


def told(point: Point) -> str:
    """Return one line."""
    better = "" if point["chosen"] == point["best"] else f"   best: {point['best']}"
    return f"{point['name']:<36}{point['regret']:>6.2f}  {point['ns_a_sample']:>9.3f} ns/sample  {point['chosen']}{better}"


def summary(points: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the distribution."""
    regrets = sorted(point["regret"] for point in points)
    above = sum(regret > 1.1 for regret in regrets)
    yield (
        f"{len(regrets)} points: median regret {statistics.median(regrets):.2f}, nine in ten below "
        f"{regrets[int(0.9 * (len(regrets) - 1))]:.2f}, worst {regrets[-1]:.2f}; {above} above 1.10"
    )


def _name(mode: str, dtype: str, length: int, taps: int) -> str:
    return f"{mode} {dtype} L={length} K={taps}"


def _form(form: dict[str, Any]) -> str:
    return f"{form['form']} n={form['n']}" if form["n"] else form["form"]
