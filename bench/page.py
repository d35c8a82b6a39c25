"""``python -m bench page``: the tables and plots of docs/performance.md, from the results of one machine."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench import bars, cases, entrants, instructions, plots, record, regret, report

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
"""What stands between them is written by this module."""

_TITLES = {
    "full": "Forward, the filter transformed in the call",
    "cached": "Forward, its spectrum kept",
    "train": "Forward and backward",
}


def write(results: Path, page: Path = PAGE) -> None:
    """Write the page's measured part and its plots from a file of results. Raises ValueError without the marks."""
    text = page.read_text(encoding="utf-8")
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise ValueError(f"{page} must hold {BEGIN} and {END} once each")
    content = record.load(results)
    head, _, rest = text.partition(BEGIN)
    tail = rest.partition(END)[2]
    figures = plots.draw(content, page.parent / "figures")
    page.write_text(f"{head}{BEGIN}\n{measured(content, figures)}\n{END}{tail}", encoding="utf-8")


def measured(content: Mapping[str, Any], figures: Sequence[str]) -> str:
    """Return the part of the page that the results make, with the plots named in `figures`."""
    index = bars.index(content["results"])
    parts = [
        _origin(content),
        _summary(index),
        "### Bars at each shape\n\nWhat misses its target is bold.\n\n" + "\n".join(_bar_lines(index)),
        "### Times\n\n" + "\n".join(_time_lines(index)),
        "\n\n".join(f"![{plots.TITLES[name]}](figures/{name}.svg)" for name in figures),
        _fused(index),
        _limits(content, index),
        _regret(content.get("regret", [])),
        _instructions(),
    ]
    return "\n\n".join(part for part in parts if part)


def _origin(content: Mapping[str, Any]) -> str:
    machine = content["machine"]
    commits = Counter(one["commit"] for one in content["results"]).most_common()
    told = ", ".join(f"{commit} ({count} results)" for commit, count in commits)
    dates = sorted(one["date"] for one in content["results"])
    versions: dict[str, str] = {}
    for one in content["results"]:
        versions |= {timing["name"]: timing["version"] for timing in one["timings"]}
    others = [name for name in sorted(versions) if "longwing" not in name and entrants.ONE_THREAD not in name]
    peers = ", ".join(f"{name} {versions[name]}" for name in others)
    absent = "".join(f"; absent: {name} ({reason})" for name, reason in content.get("absent", {}).items())
    return (
        f"{machine['processor']} ({machine['model']}), {machine['isa']}, {machine['processors']} processors, "
        f"{machine['system']}; commit {told}; {dates[0]} to {dates[-1]} UTC. "
        f"Beside longwing: {peers}{absent}.\n\n"
        "Each result was compared with float64 in the run that timed it. A ratio is the median over interleaved rounds of "
        "another's time over longwing's in the same round."
    )


def _summary(index: bars.Index) -> str:
    lines = ["| Bar | Target | Worst measured | Where | Held at | |", "|---|---|---|---|---|---|"]
    for bar in bars.BARS:
        readings = list(bar.readings(index))
        known = [reading for reading in readings if reading.value is not None]
        met = sum(reading.met(bar.at_most) for reading in readings)
        verdict = "met" if met == len(readings) else "missed" if known else "not measured"
        worst = min(known, key=lambda one: _margin(bar, one), default=None)
        sign = "at most" if bar.at_most else "at least"
        targets = " / ".join(dict.fromkeys(bar.shown(reading.target) for reading in readings))
        shown = f"{bar.shown(worst.value)} | {_place(worst)}" if worst else "- | -"
        lines.append(f"| {bar.title} | {sign} {targets} | {shown} | {met} of {len(readings)} | {verdict} |")
    return "\n".join(lines)


def _margin(bar: bars.Bar, reading: bars.Reading) -> float:
    value = reading.value or 0.0
    return reading.target / value if bar.at_most else value / reading.target


def _place(reading: bars.Reading) -> str:
    return f"{reading.case.name}{f', {reading.detail}' if reading.detail else ''}"


def _bar_lines(index: bars.Index) -> Iterator[str]:
    """A line a shape, a column a bar; what misses its target is bold."""
    cells: dict[str, dict[str, str]] = {}
    for bar in bars.BARS:
        for reading in bar.readings(index):
            shape = replace(reading.case, dtype="float32", threads=1).name
            shown = bar.shown(reading.value)
            cells.setdefault(shape, {})[bar.title] = shown if reading.met(bar.at_most) else f"**{shown}**"
    titles = [bar.title for bar in bars.BARS]
    yield f"| (B, H, L) | {' | '.join(titles)} |"
    yield "|---|" + "---|" * len(titles)
    for shape, found in cells.items():
        yield f"| {shape} | {' | '.join(found.get(title, '') for title in titles)} |"


def _time_lines(index: bars.Index) -> Iterator[str]:
    """Nanoseconds a sample of every contender."""
    for measure, title in _TITLES.items():
        entries = [
            entry for case in (*cases.POWERS, *cases.ODD, *cases.SHORT) if (entry := index.get((case.name, measure)))
        ]
        names = list(dict.fromkeys(name for entry in entries for name in record.timed(entry)))
        if not entries:
            continue
        yield f"{title}, nanoseconds a sample of the result (longwing: interquartile range beside it):\n"
        yield f"| (B, H, L) | {' | '.join(names)} |"
        yield "|---|" + "---|" * len(names)
        for entry in entries:
            yield f"| {entry['case']} | {' | '.join(_nanoseconds(entry, name) for name in names)} |"
        yield ""


def _nanoseconds(entry: record.Entry, name: str) -> str:
    median = record.median(entry, name)
    if median is None:
        return "-"
    shown = f"{median * 1e9 / entry['samples']:.3g}"
    samples = record.seconds(entry, name) or []
    if name != "longwing" or len(samples) < 2:
        return shown
    low, _, high = statistics.quantiles(samples, n=4)
    return f"{shown} ± {(high - low) / median:.0%}"


def _fused(index: bars.Index) -> str:
    """What each fused argument adds to the plain call, beside its traffic."""
    lines = []
    for case in cases.CASES:
        entry = index.get((case.name, "full"))
        if not case.features or not entry:
            continue
        plain, torch = record.ratio(entry, entrants.PLAIN), record.ratio(entry, "torch.fft")
        median, base = record.median(entry, "longwing"), record.median(entry, entrants.PLAIN)
        if plain is None or median is None or base is None:
            continue
        extra = (median - base) * 1e9 / case.samples
        shown = f"{torch:.2f}" if torch else "-"
        lines.append(f"| {case.name} | {median * 1e9 / case.samples:.2f} | {1 / plain:.2f} | {extra:+.2f} | {shown} |")
    if not lines:
        return ""
    head = (
        "| Case | ns a sample | over the plain call | ns more | torch.fft, unfused, over longwing |\n|---|---|---|---|---|"
    )
    return "\n".join(["### Fused arguments\n", head, *lines])


def _limits(content: Mapping[str, Any], index: bars.Index) -> str:
    """The machine's own limits, what of them is reached, and what two threads bring to it."""
    limits = content.get("limits", {})
    if not limits:
        return ""
    names = list(next(iter(limits.values())))
    lines = [f"| Threads | {' | '.join('GFLOP/s' if name == 'fma' else f'{name} GB/s' for name in names)} |"]
    lines.append("|---|" + "---|" * len(names))
    for threads, rates in sorted(limits.items()):
        lines.append(f"| {threads} | {' | '.join(f'{rates[name] / 1e9:.1f}' for name in names)} |")
    text = "### The machine's limits\n\nFloat32 multiply-adds, and a triad in each level of memory:\n\n" + "\n".join(lines)
    shares = [(case.name, share) for case in cases.POWERS if (share := _share(index, case))]
    if shares:
        told = ", ".join(f"{name} {share:.0%}" for name, share in shares)
        text += f"\n\nNominal operations of a padded FFT over the multiply-add peak of the same run: {told}."
    if len(limits) > 1:
        one, two = limits["1"], limits["2"]
        told = ", ".join(f"{'multiply-adds' if name == 'fma' else name} {two[name] / one[name]:.2f}" for name in names)
        text += f"\n\nTwo threads of the machine over one: {told}."
    return text


def _regret(points: Sequence[Mapping[str, Any]]) -> str:
    """The distribution of the regret, and where it is worst."""
    if not points:
        return ""
    worst = sorted(points, key=lambda point: -point["regret"])[:8]
    lines = [f"| {point['name']} | {point['regret']:.2f} | {point['chosen']} | {point['best']} |" for point in worst]
    head = "| Worst points | Regret | Chosen | Best |\n|---|---|---|---|"
    title = (
        "### The choice of form\n\nTime of the form that the plan takes over that of the best form, one row, spectrum kept."
    )
    return "\n".join([f"{title} {next(regret.summary(points))}.\n", head, *lines])


def _instructions() -> str:
    """The counts by callgrind, a column for each measure."""
    parts = []
    for compiler, counts in instructions.load().items():
        head = f"| L | {' | '.join(instructions.MEASURES)} |\n|---|---|---|---|"
        rows = []
        for length in instructions.LENGTHS:
            found = [counts.get(f"{length} {measure}") for measure in instructions.MEASURES]
            rows.append(f"| {length} | {' | '.join('-' if one is None else f'{one:.1f}' for one in found)} |")
        title = f"Compiled by {compiler}, {instructions.ISA} kernels, one row, K = L, by callgrind:\n"
        parts.append("\n".join([title, head, *rows]))
    return "\n\n".join(["### Instructions a sample", *parts]) if parts else ""


def _share(index: bars.Index, case: cases.Case) -> float | None:
    entry = index.get((case.name, "full"))
    return report.peak_share(entry) if entry else None
