"""The parts of ``python -m bench torch``, their file of results, and docs/torch/performance.md that is written from it."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple

import torch

from bench import bench_butterfly, bench_torch, machine, torch_overhead

PAGE = Path(__file__).resolve().parents[1] / "docs" / "torch" / "performance.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
"""What stands between them is written by this module."""

Record = dict[str, Any]


def _training(smoke: bool, threads: int) -> Record:
    return bench_torch.run(smoke=smoke, threads=threads)


def _overhead(smoke: bool, threads: int) -> Record:
    timings = torch_overhead.measure()
    for timing in timings:
        told = timing.rejected or f"{min(timing.seconds) * 1e6:.1f} µs at least, median {timing.median * 1e6:.1f} µs"
        print(f"{timing.name:<22}{told}", flush=True)
    return {"timings": [vars(timing) for timing in timings], "right": not any(timing.rejected for timing in timings)}


def _butterfly(smoke: bool, threads: int) -> Record:
    return bench_butterfly.run(smoke=smoke)


PARTS: dict[str, Callable[[bool, int], Record]] = {
    "training": _training,
    "overhead": _overhead,
    "butterfly": _butterfly,
}


def run(parts: Sequence[str], *, smoke: bool, threads: int, path: Path | None) -> bool:
    """Measure the parts, put them into the file, and return whether every result was right."""
    torch.set_num_threads(threads)
    measured = {}
    for part in parts:
        found = PARTS[part](smoke, threads)
        date = datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M")
        origin = {"machine": machine.describe(), "commit": machine.commit(), "date": date, "torch": torch.__version__}
        measured[part] = {**origin, "threads": threads, **found}
    if path:
        kept = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(kept | measured, indent=1) + "\n", encoding="utf-8")
    return all(found["right"] for found in measured.values())


class Bar(NamedTuple):
    """What must hold, and what was measured; None where it was not."""

    title: str
    target: str
    value: float | None
    unit: str
    met: bool


def bars(content: Mapping[str, Record]) -> Iterator[Bar]:
    """Yield the bars of the torch interface."""
    training, overhead, butterfly = (content.get(part) for part in PARTS)
    gain = training and _over(training["timings"], "torch.fft", "longwing")
    yield _bar("Training step of LongConvModel, throughput over torch.fft's", gain, at_least=2)
    kept = training and training["saved_bytes"]["longwing"] / training["saved_bytes"]["torch.fft"]
    yield _bar("Bytes kept for backward, over torch.fft's", kept, at_most=0.6)
    curve = training and training["curve_difference"]
    yield _bar("Largest relative difference of a loss", curve, at_most=bench_torch.CURVE_LIMIT, digits=".0e")
    for name, limit in torch_overhead.LIMITS.items():
        timing = overhead and _timing(overhead["timings"], name)
        seconds = torch_overhead.least(timing) if timing else None
        value = None if seconds is None else seconds * 1e6
        yield _bar(f"A call on a tiny tensor {name}", value, at_most=limit * 1e6, unit=" µs", digits=".1f")
    for measure in ("forward", "training"):
        alike = [one for one in _convolutions(butterfly) if one["measure"] == measure and not one["case"]["own"]]
        ratios = [_over(one["timings"], "learned", "fixed") for one in alike]
        worst = max((ratio for ratio in ratios if ratio is not None), default=None)
        yield _bar(f"Learned over fixed Butterfly, shared matrices, {measure}", worst, at_most=bench_butterfly.LIMIT)


def write(results: Path, page: Path = PAGE) -> None:
    """Write the page's measured part from a file of results. Raises ValueError without the marks."""
    text = page.read_text(encoding="utf-8")
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise ValueError(f"{page} must hold {BEGIN} and {END} once each")
    content = json.loads(results.read_text(encoding="utf-8"))
    head, _, rest = text.partition(BEGIN)
    tail = rest.partition(END)[2]
    measured = "\n".join(_lines(content))
    page.write_text(f"{head}{BEGIN}\n{measured}\n{END}{tail}", encoding="utf-8")


def _lines(content: Mapping[str, Record]) -> Iterator[str]:
    for part, found in content.items():
        told = f"{found['machine']['processor']} ({found['machine']['model']}), {found['machine']['isa']}"
        when = f"commit {found['commit']}, {found['date']} UTC"
        yield f"- {part}: {told}; threads: {found['threads']}; torch {found['torch']}; {when}"
    yield "\n| What | Bar | Measured | |\n|---|---|---|---|"
    for bar in bars(content):
        shown = "not measured" if bar.value is None else bar.unit.format(bar.value)
        verdict = "-" if bar.value is None else "met" if bar.met else "**missed**"
        yield f"| {bar.title} | {bar.target} | {shown} | {verdict} |"
    yield from _training_lines(content.get("training"))
    yield from _butterfly_lines(content.get("butterfly"))


def _training_lines(found: Record | None) -> Iterator[str]:
    if not found:
        return
    setting = found["setting"]
    yield (
        f"\n## A training step\n\nLongConvModel {setting['n_layers']}x{setting['d_model']}, L = {setting['length']}, "
        f"batch {setting['batch']}, float32, AdamW; {setting['rounds']} interleaved rounds.\n"
    )
    yield "| Convolutions by | ms a step | sequences/s | MiB kept for backward | losses of the first steps |"
    yield "|---|---|---|---|---|"
    for timing in found["timings"]:
        name, median = timing["name"], statistics.median(timing["seconds"])
        losses = " ".join(f"{loss:.6f}" for loss in found["losses"][name])
        kept = found["saved_bytes"][name] / 2**20
        yield f"| {name} | {median * 1e3:.0f} | {setting['batch'] / median:.2f} | {kept:.0f} | {losses} |"


def _butterfly_lines(found: Record | None) -> Iterator[str]:
    if not found:
        return
    yield "\n## Butterflies\n\nMilliseconds; ratios are medians over rounds of two times of the same round.\n"
    yield "| B,H,L, block size, matrices | measure | learned | fixed | long_conv | learned / fixed | learned / long_conv |"
    yield "|---|---|---|---|---|---|---|"
    for one in _convolutions(found):
        names = ("learned", "fixed", "long_conv")
        times = " | ".join(f"{statistics.median(_timing(one['timings'], name)['seconds']) * 1e3:.2f}" for name in names)
        fixed, plain = (_over(one["timings"], "learned", name) for name in names[1:])
        yield f"| {one['name']} | {one['measure']} | {times} | {fixed:.3f} | {plain:.1f} |"


def _convolutions(found: Record | None) -> list[Record]:
    return [one for one in found["results"] if one["measure"] != "product"] if found else []


def _timing(timings: Sequence[Record], name: str) -> Record:
    return next(timing for timing in timings if timing["name"] == name)


def _over(timings: Sequence[Record], name: str, to: str) -> float | None:
    """Return the median over rounds of one's time over the other's; None where either was not timed."""
    pairs = zip(_timing(timings, name)["seconds"], _timing(timings, to)["seconds"], strict=False)
    ratios = [a / b for a, b in pairs]
    return statistics.median(ratios) if ratios else None


def _bar(
    title: str,
    value: float | None,
    *,
    at_least: float | None = None,
    at_most: float | None = None,
    unit: str = "",
    digits: str = ".2f",
) -> Bar:
    limit = at_least if at_least is not None else at_most
    target = f"at {'least' if at_least is not None else 'most'} {limit:g}{unit}"
    met = value is not None and limit is not None and (value >= limit if at_least is not None else value <= limit)
    return Bar(title, target, value, "{:" + digits + "}" + unit, met)
