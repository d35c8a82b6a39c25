"""``python -m bench cpu`` or ``python -m bench torch``: run from the root of the repository, with longwing installed."""

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
    parser.add_argument("device", choices=("cpu", "torch"), help="torch: a training step beside torch.fft, on the CPU")
    parser.add_argument("--smoke", action="store_true", help="few cases and rounds: less than a minute")
    parser.add_argument("--only", metavar="TEXT", help="cpu: only the cases whose name contains TEXT")
    parser.add_argument("--threads", type=int, default=1, help="threads for each (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every number to FILE")
    arguments = parser.parse_args(argv)
    if arguments.threads < 1:
        parser.error(f"--threads is {arguments.threads}: supported are 1 and more")
    if arguments.device == "torch" and arguments.only is not None:
        parser.error(f"--only is {arguments.only!r}: torch has one case, and supports no choice")
    _limit_threads(arguments.threads)
    return _torch(arguments) if arguments.device == "torch" else _cpu(parser, arguments)


def _torch(arguments: argparse.Namespace) -> int:
    from bench import bench_torch  # after the limits: torch reads them when it is loaded

    record = bench_torch.run(smoke=arguments.smoke, threads=arguments.threads)
    if arguments.json:
        arguments.json.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return 0 if record["right"] else 1


def _cpu(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> int:
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
