"""The command line of the experiments: run from the root of the repository, with longwing[tasks] installed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.tasks import ablation, presets, results
from bench.tasks.config import override
from bench.tasks.data.errors import DataError
from bench.tasks.errors import TaskError
from bench.tasks.place import Place
from bench.tasks.report import page
from bench.tasks.speed import command as speed_command


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; return 2, with one line that says why, where something can't be used."""
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.command(arguments))
    except (TaskError, DataError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.tasks", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="train and test one model")
    run.set_defaults(command=_run)
    run.add_argument("task", metavar="TASK", help=", ".join(presets.RECIPES))
    run.add_argument("--preset", required=True, help=", ".join(presets.PRESETS))
    run.add_argument("--variant", help=f"{', '.join(presets.VARIANTS)} (default: the task's)")
    run.add_argument("--seed", type=int, default=0)
    run.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="as model.lam=0.001; may be repeated")
    run.add_argument("--resume", action="store_true", help="go on from the checkpoint of an interrupted run")
    sharing = "processes, each with a device (default: as many GPUs as share a batch evenly)"
    run.add_argument("--devices", type=int, default=0, metavar="N", help=sharing)
    _add_places(run)
    ablate = commands.add_parser("ablation", help="every regulariser and seed; what is recorded is not run again")
    ablate.set_defaults(command=lambda arguments: ablation.run(arguments, _place(arguments)))
    ablation.add_arguments(ablate)
    _add_places(ablate)
    listing = commands.add_parser("list", help="the tasks, what they are, and the presets of each")
    listing.set_defaults(command=_list)
    speed = commands.add_parser("speed", help="training throughput and memory by length, and a step of Path256")
    speed.set_defaults(command=speed_command.run)
    speed_command.add_arguments(speed)
    report = commands.add_parser("report", help="draw the tables and plots of docs/experiments.md from the records")
    report.set_defaults(command=page.run)
    page.add_arguments(report)
    return parser


def _add_places(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder of the data files")
    parser.add_argument("--runs", type=Path, default=Path("runs"), metavar="DIR", help="checkpoints, logs, generated data")
    parser.add_argument(
        "--results", type=Path, default=results.FOLDER, metavar="DIR", help="records (default: %(default)s)"
    )
    parser.add_argument("--threads", type=int, default=0, metavar="N", help="of each process (default: torch's choice)")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")


def _place(arguments: argparse.Namespace, devices: int = 0) -> Place:
    return Place(arguments.data, arguments.runs, arguments.results, arguments.threads, devices, arguments.quiet)


def _run(arguments: argparse.Namespace) -> int:
    from bench.tasks import experiment  # after the arguments are known to be right: torch and Lightning take seconds

    config = override(presets.config(arguments.task, arguments.preset, arguments.variant, arguments.seed), arguments.set)
    record = experiment.run(config, _place(arguments, arguments.devices), resume=arguments.resume)
    print(experiment.describe(record))
    return 0


def _list(arguments: argparse.Namespace) -> int:
    for task, recipe in presets.RECIPES.items():
        available = ", ".join(name for name in presets.PRESETS if task in presets.CHANGES[name])
        print(f"{task:<11}{recipe.about:<46}{available}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
