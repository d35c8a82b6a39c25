"""Run from the root of the repository, with longwing installed."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path


def main(argv: Sequence[str] | None = None) -> int:
    """Run one benchmark; return 1 where a result of longwing's was wrong or longwing could not be timed."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    for option in ("threads", "rounds"):
        value = getattr(arguments, option, None)
        if value is not None and value < 1:
            parser.error(f"--{option} is {value}: supported are 1 and more")
    return _COMMANDS[arguments.command](parser, arguments)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    _add_cpu(commands.add_parser("cpu", help="every case beside every library, on the CPU"))
    _add_torch(
        commands.add_parser("torch", help="a training step beside torch.fft, calls' overhead, butterflies, on the CPU")
    )
    _add_torch_page(commands.add_parser("torch-page", help="write the measured part of docs/torch/performance.md"))
    _add_gpu(commands.add_parser("gpu", help="beside torch's real FFT, on a CUDA device"))
    _add_instructions(
        commands.add_parser("instructions", help="instructions a sample, by callgrind, beside the compiler's baseline")
    )
    _add_regret(commands.add_parser("regret", help="the plan's choice of form beside every other form"))
    _add_memory(commands.add_parser("memory", help="peak memory of a call, each in a process of its own"))
    _add_page(commands.add_parser("page", help="write the measured part of docs/performance.md, and its plots"))
    return parser


def _add_cpu(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--smoke", action="store_true", help="few cases and rounds: less than a minute")
    parser.add_argument("--only", nargs="+", metavar="CASE", default=[], help="cases so named, or whose name contains it")
    parser.add_argument("--measure", nargs="+", metavar="NAME", default=[], choices=("full", "cached", "train"))
    parser.add_argument("--threads", type=int, default=1, help="the cases for so many threads (default: %(default)s)")
    parser.add_argument("--rounds", type=int, help="rounds of every case (default: the case's own)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="add every number to FILE")
    parser.add_argument("--list", action="store_true", help="print the names of the cases, and measure nothing")


def _add_torch(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--smoke", action="store_true", help="few cases and rounds: less than a minute")
    parts = ("training", "overhead", "butterfly")
    parser.add_argument("--part", nargs="+", choices=parts, default=parts, help="what to measure (default: all)")
    parser.add_argument("--threads", type=int, default=1, help="threads for each (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="put every number into FILE")


def _add_torch_page(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("results", type=Path, metavar="FILE", help="results of `torch --json`")


def _add_gpu(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--smoke", action="store_true", help="few cases")
    parser.add_argument("--only", nargs="+", metavar="TEXT", default=[], help="cases whose name contains a TEXT")
    parser.add_argument("--seconds", type=float, default=240, help="start no case after so long (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every number to FILE")


def _add_instructions(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--program", type=Path, required=True, metavar="FILE", help="tests/cpp's count_instructions")
    parser.add_argument("--record", action="store_true", help="make the counts this compiler's baseline")


def _add_regret(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--program", type=Path, required=True, metavar="FILE", help="tests/cpp's time_forms")
    parser.add_argument(
        "--only", nargs="+", metavar="TEXT", default=[], help="points whose name contains it, as 'causal float32'"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="put every number into FILE")


def _add_memory(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--only", nargs="+", metavar="CASE", default=[], help="cases so named")
    parser.add_argument("--json", type=Path, metavar="FILE", help="add every number to FILE")


def _add_page(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("results", type=Path, metavar="FILE", help="results of `cpu --json` and `memory --json`")


def _torch(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> int:
    _limit_threads(arguments.threads)
    from bench import torch_report  # after the limits: torch reads them when it is loaded

    right = torch_report.run(arguments.part, smoke=arguments.smoke, threads=arguments.threads, path=arguments.json)
    return 0 if right else 1


def _torch_page(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> int:
    from bench import torch_report

    torch_report.write(arguments.results)
    return 0


def _gpu(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> int:
    from bench import bench_gpu

    if reason := bench_gpu.absence():
        print(f"python -m bench gpu measures nothing here: {reason}", file=sys.stderr)
        return 2
    right = bench_gpu.run(smoke=arguments.smoke, only=arguments.only, seconds=arguments.seconds, path=arguments.json)
    return 0 if right else 1


def _cpu(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> int:
    from bench import cases

    chosen = cases.choose(threads=arguments.threads, smoke=arguments.smoke, only=tuple(arguments.only))
    if not chosen:
        parser.error(f"no case for {arguments.threads} threads is called {arguments.only}: see --list")
    if arguments.list:
        print("\n".join(case.name for case in chosen))
        return 0
    _limit_threads(arguments.threads)
    from bench import bench_cpu  # after the limits: the peers' libraries read them when they are loaded

    rounds = arguments.rounds or (3 if arguments.smoke else None)
    right = bench_cpu.run(chosen, threads=arguments.threads, rounds=rounds, measures=arguments.measure, path=arguments.json)
    return 0 if right else 1


def _instructions(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> int:
    from bench import instructions

    return instructions.run(arguments.program, recording=arguments.record)


def _regret(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> int:
    _limit_threads(1)
    from bench import record, regret

    measured = list(regret.run(arguments.program, arguments.only))
    if not measured:
        parser.error(f"no point's name contains any of {arguments.only}")
    print("\n".join(regret.summary(measured)))
    if arguments.json:
        record.add(arguments.json, "regret", measured, names=("name",))
    return 0


def _memory(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> int:
    _limit_threads(1)
    from bench import memory, record

    if not memory.supported():
        parser.error("memory: this system does not let a process reset its high-water mark")
    entries = []
    for entry in memory.run(arguments.only):
        told = entry["absent"] or f"{entry['bytes'] / entry['samples']:.1f} bytes a sample"
        print(f"{entry['case']:<16}{entry['name']:<20}{told}", flush=True)
        entries.append(entry)
    if arguments.json:
        record.add(arguments.json, "memory", entries, names=("case", "name"))
    return 0


def _page(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> int:
    from bench import page

    page.write(arguments.results)
    return 0


_COMMANDS = {
    "cpu": _cpu,
    "torch": _torch,
    "torch-page": _torch_page,
    "gpu": _gpu,
    "instructions": _instructions,
    "regret": _regret,
    "memory": _memory,
    "page": _page,
}


def _limit_threads(threads: int) -> None:
    """Hold every library, also those without a switch of their own, to `threads` threads and processors."""
    for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "LONGWING_NUM_THREADS"):
        os.environ[variable] = str(threads)
    # A library's threads that spin for more work would hold a processor while another library is timed.
    os.environ |= {"OMP_WAIT_POLICY": "PASSIVE", "KMP_BLOCKTIME": "0"}
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    if hasattr(os, "sched_setaffinity"):
        processors = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, processors[:threads])


if __name__ == "__main__":
    sys.exit(main())
