"""The plots of the page, as SVG that does not change where the records don't."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from bench.tasks import ablation
from bench.tasks.report import tables
from bench.tasks.report.tables import Record

matplotlib.rcParams["svg.hashsalt"] = "longwing"
matplotlib.rcParams["svg.fonttype"] = "none"


def draw(records: Sequence[Record], speeds: Sequence[Record], folder: Path) -> list[Path]:
    """Write every plot for which there are records, and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for name, (drawing, chosen) in _plots(records, speeds).items():
        if chosen:
            figure = drawing(chosen)
            figure.savefig(folder / f"{name}.svg", metadata={"Date": None}, bbox_inches="tight")
            found.append(folder / f"{name}.svg")
    return found


def _plots(
    records: Sequence[Record], speeds: Sequence[Record]
) -> dict[str, tuple[Callable[[list[Record]], Figure], list[Record]]]:
    wanted = {"preset": "ablation", "seed": 0}
    filters = [
        record
        for record in records
        if wanted.items() <= record["config"].items()
        and tables.is_unchanged(record)
        and record["config"]["variant"] in ablation.VARIANTS
        and record["filter"]
    ]
    lengths = sorted((speed for speed in speeds if speed["name"].startswith("length-")), key=lambda speed: speed["length"])
    return {"curves": (_curves, tables.main_runs(records)), "filters": (_filters, filters), "lengths": (_lengths, lengths)}


def _curves(records: list[Record]) -> Figure:
    columns = 4
    rows = -(-len(records) // columns)
    figure = Figure(figsize=(3 * columns, 2.3 * rows), layout="constrained")
    for index, record in enumerate(records):
        axes = figure.add_subplot(rows, columns, index + 1)
        training = [point for point in record["curve"] if "loss" in point]
        valid = [point for point in record["curve"] if f"valid_{record['main']}" in point]
        axes.plot([p["step"] for p in training], [p["loss"] for p in training], lw=1, label="training loss")
        twin = axes.twinx()
        twin.plot([p["step"] for p in valid], [p[f"valid_{record['main']}"] for p in valid], "o-", ms=3, lw=1, color="C1")
        axes.set_title(f"{record['config']['task']}, {record['config']['variant']}", fontsize=9)
        axes.tick_params(labelsize=7)
        twin.tick_params(labelsize=7, colors="C1")
        axes.set_xlabel(f"step (blue: training loss; orange: {record['main'].replace('_', ' ')} on validation)", fontsize=6)
    return figure


def _filters(records: list[Record]) -> Figure:
    """Each kernel after training: taps over time, and magnitudes over frequency, as the paper drew them."""
    order = list(ablation.VARIANTS)
    records = sorted(records, key=lambda record: (record["config"]["task"], order.index(record["config"]["variant"])))
    figure = Figure(figsize=(8, 1.5 * len(records)), layout="constrained")
    for index, record in enumerate(records):
        taps = np.array(record["filter"])
        label = f"{record['config']['task']}, {record['config']['variant']}"
        time, frequency = (figure.add_subplot(len(records), 2, 2 * index + place) for place in (1, 2))
        time.plot(taps, lw=0.6)
        time.set_title(f"{label}: taps", fontsize=8)
        frequency.plot(np.linspace(0, 0.5, len(taps) // 2 + 1), np.abs(np.fft.rfft(taps)), lw=0.6, color="C1")
        frequency.set_title("magnitude over cycles a sample", fontsize=8)
        for axes in (time, frequency):
            axes.tick_params(labelsize=6)
    return figure


def _lengths(speeds: list[Record]) -> Figure:
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    panels: tuple[tuple[str, float, str], ...] = (
        ("tokens_per_s", 1e3, "thousands of tokens a second, training"),
        ("peak_bytes", 2.0**20, "MiB at the peak of a step"),
    )
    for place, (key, unit, label) in enumerate(panels, 1):
        axes = figure.add_subplot(1, 2, place)
        for name in dict.fromkeys(name for speed in speeds for name in speed["contenders"]):
            points = [(s["length"], s["contenders"][name][key]) for s in speeds if _has(s, name, key)]
            axes.loglog([length for length, _ in points], [value / unit for _, value in points], "o-", ms=3, label=name)
        axes.set_xlabel("length")
        axes.set_title(label, fontsize=9)
        axes.legend(fontsize=7)
    return figure


def _has(speed: dict[str, Any], name: str, key: str) -> bool:
    return speed["contenders"].get(name, {}).get(key) is not None
