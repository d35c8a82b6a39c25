"""The GPU benchmark: forward, and forward and backward, at the shapes of the published figures, beside torch's real FFT.

Every result is verified against float64 on the same device before it is timed. The floor of a shape is what it must read
and write over the copy bandwidth that this run measured.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import longwing
import torch

from bench import gpu_peers, machine
from bench.cases import GPU, Case
from bench.gpu_clock import Clock, copy_bandwidth

RUNS = ("forward", "cached", "train")
"""y with the filter transformed in the call; with its spectrum kept; y, du and dk."""


@dataclass(frozen=True)
class Measured:
    """One run of one case. Times are medians in milliseconds, None where a contender could not run."""

    case: str
    run: str
    floor_ms: float
    bar_ms: float | None
    """What the engine is held to on an H100 with the spectrum kept, None where to nothing."""

    ours_ms: float | None
    spread: float
    """Interquartile range over the median."""

    torch_ms: float | None
    error: float
    """Largest relative L2 error over y, du and dk, on the rows that are verified."""

    torch_error: float
    problem: str
    """Why there is no time of ours; empty where there is one."""


def absence() -> str:
    """Return why nothing can be measured here, or nothing where it can."""
    backend = next(one for one in longwing.info()["backends"] if one["name"] == "cuda")
    if not backend["usable"]:
        return backend["reason"]
    if not torch.cuda.is_available():
        return f"torch {torch.__version__} sees no CUDA device"
    return ""


def run(*, smoke: bool, only: list[str], seconds: float, path: Path | None) -> bool:
    """Measure within `seconds`, print a table, write JSON; return False where a result was wrong or nothing was timed."""
    until = time.monotonic() + seconds
    bandwidth = copy_bandwidth()
    print(_headline(bandwidth), flush=True)
    cases = [case for case in GPU if (case.smoke or not smoke) and (not only or any(text in case.name for text in only))]
    results: list[Measured] = []
    print(f"{'case':<34}{'run':<8}{'ms':>9}{'floor':>9}{'of floor':>9}{'bar':>8}{'torch':>9}{'ratio':>7}{'error':>10}")
    for case in cases:
        if time.monotonic() > until:
            print(f"stopped after {seconds:g} s: {len(cases) - len({r.case for r in results})} cases were not measured")
            break
        for measured in measure(case, bandwidth):
            results.append(measured)
            print(_line(measured), flush=True)
    print("\n".join(_summary(results)), flush=True)
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(_record(bandwidth, results), indent=1) + "\n", encoding="utf-8")
    return bool(results) and not any(result.problem for result in results)


def measure(case: Case, bandwidth: float) -> Iterator[Measured]:
    """Yield the runs of one case; what does not fit the memory is told and left out."""
    try:
        problem = gpu_peers.Problem(case)
        ours, peer = gpu_peers.Longwing(problem), gpu_peers.TorchRfft(problem)
    except torch.cuda.OutOfMemoryError as error:
        yield Measured(case.name, "all", 0, None, None, 0, None, float("nan"), float("nan"), str(error).splitlines()[0])
        return
    for name in RUNS:
        if name == "train" and "train" not in case.measures:
            continue
        yield _measure_run(case, name, problem, ours, peer, bandwidth)
        torch.cuda.empty_cache()


def _measure_run(case: Case, name: str, problem: Any, ours: Any, peer: Any, bandwidth: float) -> Measured:
    floor = problem.bytes_moved(train=name == "train") / bandwidth * 1e3
    bar = case.bar_ms if name == "cached" else None
    clock, errors, problem_text = Clock(), {}, ""
    for contender in (ours, peer):
        try:
            errors[contender.name] = problem.error(getattr(contender, name)())
        except (torch.cuda.OutOfMemoryError, longwing.LongwingError) as error:
            errors[contender.name] = float("nan")
            if contender is ours:
                problem_text = str(error).splitlines()[0]
    limit = problem.limit(train=name == "train")
    if not problem_text and not errors[ours.name] <= limit:
        problem_text = f"error {errors[ours.name]:.1e} above {limit:.1e}"
    able = [one for one in (ours, peer) if errors[one.name] == errors[one.name] and not (one is ours and problem_text)]
    times = clock.interleaved([getattr(one, name) for one in able])
    by_name = dict(zip([one.name for one in able], times, strict=True))
    mine, theirs = by_name.get(ours.name), by_name.get(peer.name)
    return Measured(
        case=case.name,
        run=name,
        floor_ms=floor,
        bar_ms=bar,
        ours_ms=mine.median if mine else None,
        spread=mine.spread if mine else 0,
        torch_ms=theirs.median if theirs else None,
        error=errors[ours.name],
        torch_error=errors[peer.name],
        problem=problem_text,
    )


def _headline(bandwidth: float) -> str:
    properties = torch.cuda.get_device_properties(0)
    return (
        f"{properties.name}, {properties.multi_processor_count} multiprocessors; copy {bandwidth / 1e12:.2f} TB/s; "
        f"torch {torch.__version__}; longwing {longwing.__version__}, commit {machine.commit()}"
    )


def _line(m: Measured) -> str:
    def number(value: float | None, form: str, width: int) -> str:
        return f"{value:{form}}".rjust(width) if value is not None and value == value else "-".rjust(width)

    ratio = m.torch_ms / m.ours_ms if m.torch_ms and m.ours_ms else None
    share = m.floor_ms / m.ours_ms if m.ours_ms else None
    line = f"{m.case:<34}{m.run:<8}" + number(m.ours_ms, ".3f", 9) + number(m.floor_ms, ".3f", 9) + number(share, ".0%", 9)
    line += number(m.bar_ms, ".3f", 8) + number(m.torch_ms, ".3f", 9) + number(ratio, ".1f", 7) + number(m.error, ".1e", 10)
    return line + (f"  {m.problem}" if m.problem else "")


def _summary(results: list[Measured]) -> Iterator[str]:
    """Yield what the engine is held to: five times torch on average with the spectrum kept, slower nowhere, every bar."""
    ratios = {f"{m.case} {m.run}": m.torch_ms / m.ours_ms for m in results if m.ours_ms and m.torch_ms}
    cached = [ratio for name, ratio in ratios.items() if name.endswith("cached")]
    if cached:
        yield f"torch over longwing, spectrum kept: geometric mean {statistics.geometric_mean(cached):.1f} (held to 5)"
    slower = [name for name, ratio in ratios.items() if ratio < 1]
    yield f"slower than torch: {', '.join(slower) or 'nowhere'}"
    barred = [m for m in results if m.bar_ms and m.ours_ms]
    missed = [m.case for m in barred if m.ours_ms > m.bar_ms]
    yield f"bars met: {len(barred) - len(missed)} of {len(barred)}" + (f"; missed: {', '.join(missed)}" if missed else "")


def _record(bandwidth: float, results: list[Measured]) -> dict[str, Any]:
    properties = torch.cuda.get_device_properties(0)
    return {
        "device": {
            "name": properties.name,
            "compute_capability": f"{properties.major}.{properties.minor}",
            "multiprocessors": properties.multi_processor_count,
            "memory_bytes": properties.total_memory,
            "copy_bytes_per_s": bandwidth,
        },
        "machine": machine.describe(),
        "commit": machine.commit(),
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "results": [asdict(result) for result in results],
    }
