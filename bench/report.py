"""How results are printed and kept."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from longwing.timing import Timing

from bench import machine
from bench.harness import MEASURES, Result
from bench.peers import Peer

_ITEM = 4
"""Bytes of a float32."""


def heading(contenders: Sequence[Peer], *, threads: int, rounds: int) -> str:
    """Return the lines above the table."""
    us, *others = contenders
    columns = "".join(f"{peer.name:>15}" for peer in others)
    return (
        f"{machine.processor()}, {machine.isa()}; commit {machine.commit()}; threads for each: {threads}\n"
        f"{', '.join(f'{peer.name} {peer.version}' for peer in contenders)}\n"
        f"causal, float32; median and interquartile range of {rounds} interleaved rounds; GB/s of input, filter, output\n"
        f"right of the bar: time of the others / time of {us.name}\n\n"
        f"{'B,H,L':<20}{'measure':<9}{'ns/sample':>10}{'range':>7}{'GB/s':>7}{'error':>9} |{columns}"
    )


def row(result: Result, others: Sequence[str]) -> str:
    """Return one line: the first contender's numbers, then each other's time in multiples of it."""
    first, *rest = result.timings
    if first.rejected:
        numbers = f"{first.name} is not timed: {first.rejected}"
    else:
        numbers = (
            f"{first.median * 1e9 / result.case.samples:>10.2f}{first.spread:>7.0%}"
            f"{_bytes(result) / first.median / 1e9:>7.2f}{first.error:>9.1e} |"
        )
    by_name = {timing.name: timing for timing in rest}
    cells = "".join(f"{_ratio(by_name.get(name), first):>15}" for name in others)
    return f"{result.case.name:<20}{MEASURES[result.measure]:<9}{numbers}{cells}"


def rejections(results: Sequence[Result]) -> Iterator[str]:
    """Yield a line for each contender that was not timed."""
    for result in results:
        for timing in result.timings:
            if timing.rejected:
                yield f"{result.case.name} {MEASURES[result.measure]}: {timing.name} not timed: {timing.rejected}"


def record(results: Sequence[Result], *, threads: int) -> dict[str, Any]:
    """Return everything that was measured, and on what, for JSON."""
    return {
        "machine": machine.describe(),
        "commit": machine.commit(),
        "threads": threads,
        "results": [_entry(result, timing) for result in results for timing in result.timings],
    }


def _ratio(timing: Timing | None, first: Timing) -> str:
    if timing is None or first.rejected:
        return "-"
    return "wrong" if timing.rejected else f"{timing.median / first.median:.2f}"


def _bytes(result: Result) -> int:
    """Return the bytes that have to move: u, k and y once; with the gradients u, k, y, dy, du and dk."""
    case = result.case
    arrays = 2 * case.samples + case.channels * case.filter_length
    return _ITEM * (arrays if result.measure != "train" else 2 * arrays)


def _entry(result: Result, timing: Timing) -> dict[str, Any]:
    case = result.case
    timed = not timing.rejected
    return {
        "shape": [case.batch, case.channels, case.length],
        "taps": case.filter_length,
        "measure": result.measure,
        "name": timing.name,
        "version": result.versions[timing.name],
        "error": None if math.isnan(timing.error) else timing.error,
        "limit": result.limit,
        "rejected": timing.rejected,
        "median_s": timing.median if timed else None,
        "spread": timing.spread if timed else None,
        "bytes_per_s": _bytes(result) / timing.median if timed else None,
        "seconds": list(timing.seconds),
    }
