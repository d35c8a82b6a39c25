"""``python -m bench.tasks speed``."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import longwing
import torch

from bench import machine
from bench.tasks import results
from bench.tasks.speed import by_length, path256, step


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "what",
        choices=("lengths", "step", "memory", "convolution"),
        help="by length, or of Path256 the step, the memory of its first, or the convolution",
    )
    parser.add_argument("--lengths", type=int, nargs="+", default=by_length.LENGTHS, metavar="L")
    parser.add_argument("--layers", type=int, default=6, metavar="N", help="step, memory: of the model (default: all 6)")
    parser.add_argument("--batch", type=int, default=path256.BATCH, metavar="B", help="default: %(default)s")
    parser.add_argument("--channels", type=int, default=256, metavar="H", help="convolution (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2, metavar="N")
    parser.add_argument("--results", type=Path, default=results.FOLDER / "speed", metavar="DIR")


def run(arguments: argparse.Namespace) -> int:
    """Measure, print, and write a file for each length, or for what was asked of Path256."""
    torch.set_num_threads(arguments.threads)
    longwing.set_num_threads(arguments.threads)
    rounds = arguments.rounds
    if arguments.what == "lengths":
        previous = _shorter(arguments)
        for length in arguments.lengths:
            previous = by_length.measure(length, rounds=rounds, threads=arguments.threads, previous=previous)
            _write(previous, arguments, f"{_prefix()}-{length}")
    elif arguments.what == "step":
        found = path256.training_step(layers=arguments.layers, batch=arguments.batch, rounds=rounds)
        _write(found, arguments, f"path256-step-{step.device().type}")
    elif arguments.what == "memory":
        found = path256.memory(layers=arguments.layers, batch=arguments.batch, threads=arguments.threads)
        _write(found, arguments, f"path256-memory-{step.device().type}")
    else:
        found = path256.convolution(batch=arguments.batch, channels=arguments.channels, rounds=rounds)
        _write(found, arguments, f"path256-convolution-{step.device().type}")
    return 0


def _prefix() -> str:
    return f"length-{step.device().type}"


def _shorter(arguments: argparse.Namespace) -> dict[str, Any] | None:
    """Return what half the first length gave or, where that has no record, what the shortest of all gives now."""
    first, shortest = arguments.lengths[0], by_length.LENGTHS[0]
    path = arguments.results / f"{_prefix()}-{first // 2}.json"
    if path.exists():
        return results.read_json(path)
    return by_length.measure(shortest, rounds=1, threads=arguments.threads, previous=None) if first > shortest else None


def _write(found: dict[str, Any], arguments: argparse.Namespace, name: str) -> None:
    record = {
        "name": name,
        **found,
        "threads": arguments.threads,
        "torch": torch.__version__,
        "machine": machine.describe(),
        "commit": machine.commit(),
    }
    results.write(record, arguments.results)
    print(json.dumps(found), flush=True)
