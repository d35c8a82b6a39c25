"""The CPU benchmark: every case, longwing beside whoever is installed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench import harness, limits, native, peers, record, report
from bench.cases import Case


def run(
    cases: Sequence[Case],
    *,
    threads: int,
    rounds: int | None = None,
    measures: Sequence[str] = (),
    path: Path | None = None,
) -> bool:
    """Measure, print each result when it is there and add it to the file; return whether longwing was right everywhere."""
    found, absent = peers.find()
    print(report.heading(found, absent, threads=threads), flush=True)
    try:
        ceilings = limits.measure(threads)
    except native.BuildError as error:
        ceilings = {}
        print(f"this machine's limits are not measured: {error}")
    if ceilings:
        streams = ", ".join(f"{name} {rate / 1e9:.1f}" for name, rate in ceilings.items() if name != "fma")
        print(f"multiply-adds {ceilings['fma'] / 1e9:.1f} GFLOP/s; triad GB/s: {streams}")
    print(flush=True)
    results = []
    for case in cases:
        for result in harness.measure(case, found, rounds=rounds, only=measures):
            print("\n".join(report.lines(result)), flush=True)
            results.append(result)
            if path:
                record.merge(path, [record.entry(result)])
    print("\n".join(report.absences(results)))
    if path and ceilings:
        kept = record.load(path).get("limits", {})
        record.merge(path, [], limits=kept | {str(threads): ceilings}, absent=absent)
    return all(result.timings[0].seconds for result in results)
