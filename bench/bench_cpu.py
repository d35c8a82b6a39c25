"""The CPU benchmark: every case, longwing beside whoever is installed."""

from __future__ import annotations

from bench import cases, harness, peers, report


def run(*, smoke: bool, only: str | None = None, threads: int = 1) -> list[harness.Result]:
    """Measure, print each line when it is there, and return every result."""
    contenders = [peers.load("longwing_plan"), *peers.find()]
    chosen = [case for case in cases.CASES if (case.smoke or not smoke) and (only or "") in case.name]
    if not chosen:
        return []
    rounds = 3 if smoke else 15
    print(report.heading(contenders, threads=threads, rounds=rounds), flush=True)
    results = []
    for case in chosen:
        for result in harness.measure(case, contenders, rounds=rounds):
            print(report.row(result, [peer.name for peer in contenders[1:]]), flush=True)
            results.append(result)
    for line in report.rejections(results):
        print(line)
    return results
