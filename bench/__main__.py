"""``python -m bench cpu``: run from the root of the repository, with longwing installed."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark; return 1 where a result of longwing's was wrong or longwing could not be timed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("device", choices=("cpu",))
    parser.add_argument("--smoke", action="store_true", help="few cases and rounds: less than a minute")
    parser.add_argument("--only", metavar="TEXT", help="only the cases whose name contains TEXT")
    parser.add_argument("--threads", type=int, default=1, help="threads for each (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every number to FILE")
    arguments = parser.parse_args(argv)
    if arguments.threads < 1:
        parser.error(f"--threads is {arguments.threads}: supported are 1 and more")
    _limit_threads(arguments.threads)

    from bench import bench_cpu, report  # after the limits: the peers' libraries read them when they are loaded

    results = bench_cpu.run(smoke=arguments.smoke, only=arguments.only, threads=arguments.threads)
    if not results:
        parser.error(f"no case's name contains {arguments.only!r}")
    if arguments.json:
        record = report.record(results, threads=arguments.threads)
        arguments.json.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return 0 if all(result.timings[0].seconds for result in results) else 1


def _limit_threads(threads: int) -> None:
    """Hold every library, also those without a switch of their own, to `threads` threads and processors."""
    for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "LONGWING_NUM_THREADS"):
        os.environ[variable] = str(threads)
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    if hasattr(os, "sched_setaffinity"):
        processors = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, processors[:threads])


if __name__ == "__main__":
    sys.exit(main())
