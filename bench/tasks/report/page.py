"""``python -m bench.tasks report``: the tables of the page, put between its marks, and its plots."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from bench.tasks import results
from bench.tasks.errors import TaskError
from bench.tasks.report import speeds as speed_tables
from bench.tasks.report import tables
from bench.tasks.report.tables import Record

PAGE = Path(__file__).resolve().parents[3] / "docs" / "experiments.md"
MARKED = re.compile(r"(?<=<!-- table: )(\w+) -->\n.*?(?=<!-- end -->)", re.DOTALL)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--results", type=Path, default=results.FOLDER, metavar="DIR")
    parser.add_argument("--page", type=Path, default=PAGE, metavar="FILE", help="its plots go into a folder of its name")


def run(arguments: argparse.Namespace) -> int:
    """Write the page's tables and plots anew, and print the tables."""
    from bench.tasks.report import plots  # matplotlib takes a second to load

    records, speeds = read(arguments.results)
    text = filled(arguments.page.read_text(encoding="utf-8"), records, speeds)
    arguments.page.write_text(text, encoding="utf-8")
    for path in plots.draw(records, speeds, arguments.page.with_suffix("")):
        print(path)
    for name, content in contents(records, speeds).items():
        print(f"\n{name}\n{content}")
    return 0


def read(folder: Path) -> tuple[list[Record], list[Record]]:
    """Return the records of the runs and those of speed."""
    speeds = [results.read_json(path) for path in sorted((folder / "speed").glob("*.json"))]
    return list(results.read(folder)), speeds


def contents(records: list[Record], speeds: list[Record]) -> dict[str, str]:
    """Return every table, by the name in the page's marks."""
    return {
        "results": tables.results(records),
        "regularisers": tables.regularisers(records),
        "kernels": tables.kernels(records),
        "few": tables.few_examples(records),
        "butterflies": tables.butterflies(records),
        "lengths": speed_tables.by_length(speeds),
        "path256": speed_tables.path256(speeds),
        "split": speed_tables.split(speeds),
    }


def filled(page: str, records: list[Record], speeds: list[Record]) -> str:
    """Return the page with every table between ``<!-- table: NAME -->`` and ``<!-- end -->`` made anew."""
    found = contents(records, speeds)
    marks = MARKED.findall(page)
    if sorted(marks) != sorted(found):
        raise TaskError(f"the page marks the tables {marks}: supported is each of {', '.join(found)} once")
    return MARKED.sub(lambda match: f"{match[1]} -->\n{found[match[1]]}\n", page)
