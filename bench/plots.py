"""The plots of docs/performance.md."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench import cases, record

Point = tuple[int, float]

TITLES = {
    "nanoseconds": "Nanoseconds a sample against length",
    "ratios": "Time of the others over longwing's against length",
    "memory": "Peak memory of a call against length",
}


def draw(content: Mapping[str, Any], folder: Path) -> list[str]:
    """Write the figures that the results have points for, and return their names: one thread, float32, K = L, forward."""
    folder.mkdir(parents=True, exist_ok=True)
    found = {(one["case"], one["measure"]): one for one in content["results"]}
    entries = [
        entry for case in cases.one_a_length((*cases.POWERS, *cases.ODD)) if (entry := found.get((case.name, "full")))
    ]
    ratios = _lines(entries, record.ratio)
    ratios.pop("longwing", None)
    figures = {
        "nanoseconds": (_lines(entries, _nanoseconds), "ns a sample"),
        "ratios": (ratios, "time over longwing's"),
        "memory": (_memory(content.get("memory", [])), "bytes a sample of the result, beyond the inputs"),
    }
    drawn = [name for name, (lines, _) in figures.items() if lines]
    for name in drawn:
        _save(folder / f"{name}.svg", *figures[name])
    return drawn


def _nanoseconds(entry: record.Entry, name: str) -> float | None:
    median = record.median(entry, name)
    return median * 1e9 / entry["samples"] if median else None


def _lines(entries: Sequence[record.Entry], value: Callable[[record.Entry, str], float | None]) -> dict[str, list[Point]]:
    """Return each contender's points (length, value)."""
    lines: dict[str, list[Point]] = {}
    for entry in entries:
        for name in record.timed(entry):
            if (found := value(entry, name)) is not None:
                lines.setdefault(name, []).append((entry["shape"][2], found))
    return lines


def _memory(measured: Sequence[Mapping[str, Any]]) -> dict[str, list[Point]]:
    lines: dict[str, list[Point]] = {}
    for one in measured:
        if one["bytes"] is not None:
            lines.setdefault(one["name"], []).append((one["shape"][2], one["bytes"] / one["samples"]))
    return lines


def _save(path: Path, lines: Mapping[str, Sequence[Point]], label: str) -> None:
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = path.stem  # the same results are the same file
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 4.5), layout="constrained")
    for (name, points), colour in zip(lines.items(), pyplot.colormaps["tab20"].colors, strict=False):
        width = 2.5 if name == "longwing" else 1
        axes.plot(*zip(*sorted(points), strict=True), color=colour, marker="o", markersize=3, label=name, linewidth=width)
    axes.set(xscale="log", yscale="log", xlabel="L, samples of a row", ylabel=label)
    axes.xaxis.set_major_formatter(lambda length, _: f"{length:.0f}")
    axes.grid(alpha=0.3, which="both")
    axes.legend(fontsize="small", loc="center left", bbox_to_anchor=(1, 0.5))
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
