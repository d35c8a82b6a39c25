"""The regulariser ablation: every variant and seed, each run once; what is recorded is not run again."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from bench.tasks import presets, results
from bench.tasks.config import Config
from bench.tasks.place import Place

VARIANTS = ("random", "smooth", "squash", "both", "geometric", "s4d", "transformer")
SEEDS = 3

TOO_SLOW = {("text", "transformer")}
"""Tasks and variants that would take longer than the preset's three minutes on two cores: 18, by the time of a step."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's own arguments."""
    parser.add_argument("--tasks", nargs="+", default=list(presets.CHANGES["ablation"]), metavar="TASK")
    parser.add_argument("--variants", nargs="+", default=list(VARIANTS), metavar="NAME", help=", ".join(VARIANTS))
    parser.add_argument("--seeds", type=int, default=SEEDS, metavar="N", help="0 to N-1 (default: %(default)s)")


def planned(arguments: argparse.Namespace) -> Iterator[Config]:
    """Yield the runs, one seed of every variant before the next seed, so that a table broken off still compares."""
    for seed in range(arguments.seeds):
        for task in arguments.tasks:
            for variant in arguments.variants:
                if (task, variant) not in TOO_SLOW:
                    yield presets.config(task, "ablation", variant, seed)


def run(arguments: argparse.Namespace, place: Place) -> int:
    """Run what has no record of the same config yet, printing a line for each."""
    from bench.tasks import experiment  # torch and Lightning take seconds to load

    for config in planned(arguments):
        path = place.results / f"{presets.run_name(config)}.json"
        if path.exists() and presets.is_current(results.read_one(path)["config"]):
            print(f"{path.stem}: there already", flush=True)
        else:
            print(experiment.describe(experiment.run(config, place)), flush=True)
    return 0
