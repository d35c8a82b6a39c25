"""Tables, in Markdown, of the records of runs."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterable, Sequence
from typing import Any

from bench.tasks import ablation, presets
from bench.tasks.paper import butterfly_figure, figure

Record = dict[str, Any]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table, or a line that says that there is nothing in it yet."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    if not lines:
        return "No record yet."
    return "\n".join([f"| {' | '.join(head)} |", "|" + "---|" * len(head), *lines])


def results(records: Sequence[Record]) -> str:
    """Every run but those of other tables and the smoke tests, beside what it has to beat and the paper's figure."""
    order = list(presets.RECIPES)
    chosen = main_runs(records)
    chosen.sort(key=lambda record: (order.index(record["config"]["task"]), record["name"]))
    head = [
        "task",
        "data, length",
        "model",
        "steps",
        "test figure",
        "to beat",
        "the paper",
        "preset",
        "seconds: wall, processor",
    ]
    return table(head, [_result(record) for record in chosen])


def main_runs(records: Sequence[Record]) -> list[Record]:
    """Return the runs of the first table: neither smoke tests nor parts of a comparison."""
    aside = ("smoke", "ablation")
    return [record for record in records if record["config"]["preset"] not in aside and not has_few_examples(record)]


def has_few_examples(record: Record) -> bool:
    """Tell whether the run is one of sequential CIFAR on fewer images than there are, and no smoke test."""
    config = record["config"]
    return config["task"] == "scifar" and config["preset"] != "smoke" and "train_size" in config["data"]


def is_unchanged(record: Record) -> bool:
    """Tell whether the run's settings are those that its preset has now."""
    return presets.is_current(record["config"])


def _preset(record: Record) -> str:
    """The run's preset, what was changed in it (its name ends in that), and whether it is less than the paper's recipe."""
    _, _, changed = str(record["name"]).partition(f"-seed{record['config']['seed']}-")
    parts = [record["config"]["preset"], *re.split("-(?=[a-z_]+=)", changed)]
    return ", ".join(part for part in [*parts, "" if record["converged"] else "not converged"] if part)


def _result(record: Record) -> list[str]:
    config, seconds = record["config"], record["seconds"]
    model = config["model"]
    data = f"{_data_name(record)}, {record['data']['length']:,}"
    size = f"{config['variant']} {model['layers']}x{model['width']}, {record['parameters'] / 1000:.0f}k"
    return [
        config["task"],
        data,
        size,
        f"{record['steps']:,} of {config['training']['batch'] * config['training']['accumulate']}",
        f"**{main_figure(record)}**{_others(record)}",
        ", ".join(f"{name} {_shown(record['main'], value)}" for name, value in record["baselines"].items()),
        figure(config["task"], config["variant"]),
        _preset(record),
        f"{seconds['all']:.0f}, {seconds['processor']:.0f}",
    ]


def _data_name(record: Record) -> str:
    options = record["config"]["data"]
    shown = [str(options[key]) for key in ("corpus", "source", "tokens") if key in options]
    note = record["data"]["note"]
    return " ".join([record["data"]["name"], *shown]) + (f" ({note})" if note else "")


def main_figure(record: Record) -> str:
    """Return the record's own figure with its unit."""
    return _shown(record["main"], record["figures"][record["main"]])


def _shown(name: str, value: float) -> str:
    if name == "accuracy":
        return f"{100 * value:.1f} %"
    return f"{value:.3f} {name.replace('_', ' ').replace('mse', 'MSE')}"


def _others(record: Record) -> str:
    shown = {"perplexity": "perplexity of tokens", "mae": "MAE"}
    found = [f"{text} {record['figures'][name]:.3g}" for name, text in shown.items() if name in record["figures"]]
    return f", {', '.join(found)}" if found else ""


def regularisers(records: Sequence[Record]) -> str:
    """The ablation: mean and standard deviation of test accuracy over the seeds that were run, beside the paper's."""
    tasks = list(presets.CHANGES["ablation"])
    head = ["kernel", *(part for task in tasks for part in (f"{task}, not converged", "seeds", f"{task}, the paper"))]
    rows = []
    for variant in ablation.VARIANTS:
        row = [variant]
        for task in tasks:
            figures = accuracies(records, task, variant)
            row += [_mean(figures), str(len(figures)), figure(task, variant)]
        rows.append(row)
    return table(head, rows if any(accuracies(records, task, v) for task in tasks for v in ablation.VARIANTS) else [])


def accuracies(records: Sequence[Record], task: str, variant: str) -> list[float]:
    """Return the test accuracies of the ablation's runs of that task and variant, in per cent."""
    return [100 * record["figures"]["accuracy"] for record in _seeds(records, (task, "ablation", variant))]


def _seeds(records: Sequence[Record], key: tuple[str, str, str]) -> list[Record]:
    """Return the runs of a task, preset and variant that differ in their seeds alone."""
    return [record for record in records if _key(record) == key and is_unchanged(record)]


def _key(record: Record) -> tuple[str, str, str]:
    config = record["config"]
    return config["task"], config["preset"], config["variant"]


def kernels(records: Sequence[Record]) -> str:
    """What the ablation's kernels are like after training, and how far they fit: means over the seeds."""
    head = ["task", "kernel", "training loss", "test loss", "taps not 0", "energy in the upper half of frequencies"]
    rows = []
    for task in presets.CHANGES["ablation"]:
        for variant in ablation.VARIANTS:
            found = [record for record in _seeds(records, (task, "ablation", variant)) if record.get("filters")]
            if found:
                rows.append([task, variant, *_fit(found)])
    return table(head, rows)


def _fit(records: Sequence[Record]) -> list[str]:
    losses = statistics.mean(last_loss(record) for record in records)
    tested = statistics.mean(record["figures"]["loss"] for record in records)
    shares = (statistics.mean(record["filters"][name] for record in records) for name in FILTER_SHARES)
    return [f"{losses:.3f}", f"{tested:.3f}", *(f"{100 * share:.{0 if share > 0.1 else 1}f} %" for share in shares)]


FILTER_SHARES = ("nonzero", "high_frequency_energy")


def last_loss(record: Record) -> float:
    """Return the training loss at the end, the mean of the last steps."""
    return float([point["loss"] for point in record["curve"] if "loss" in point][-1])


def few_examples(records: Sequence[Record]) -> str:
    """Runs on few images: how far each kernel fits its training images, and what that does to others."""
    order = list(ablation.VARIANTS)
    chosen = [record for record in records if has_few_examples(record)]
    chosen.sort(key=lambda record: (_images(record), order.index(record["config"]["variant"]), record["name"]))
    head = [
        "images",
        "kernel",
        "passes",
        "training loss",
        "validation loss: lowest, last",
        "validation: best, last",
        "test",
        "taps not 0",
        "energy in the upper half of frequencies",
        "preset",
    ]
    return table(head, [_few(record) for record in chosen])


def _few(record: Record) -> list[str]:
    config, images = record["config"], _images(record)
    losses, accuracies = ([p[key] for p in record["curve"] if key in p] for key in ("valid_loss", "valid_accuracy"))
    lam, dropped = config["model"]["lam"], config["model"]["kernel_dropout"]
    filters = record.get("filters")
    return [
        f"{images:,}",
        config["variant"] + (f", λ = {lam}" if lam else "") + ("" if dropped else ", no kernel dropout"),
        f"{record['steps'] * config['training']['batch'] // images}",
        f"{last_loss(record):.3f}",
        f"{min(losses):.3f}, {losses[-1]:.3f}",
        f"{100 * max(accuracies):.1f}, {100 * accuracies[-1]:.1f} %",
        main_figure(record),
        *(f"{100 * filters[name]:.0f} %" if filters else "not kept" for name in FILTER_SHARES),
        _preset(record),
    ]


def _images(record: Record) -> int:
    return int(record["data"]["examples"]["train"])


BUTTERFLIES = {
    ("scifar", "ablation", "fixed"): "sCIFAR, the transforms of one filter a channel fixed",
    ("scifar", "ablation", "butterfly"): "the same, learned",
    ("lm", "cpu", "h3"): "byte language model of H3 blocks, dense MLPs",
    ("lm", "cpu", "butterfly_mlp"): "the same, MLPs of butterflies",
}
"""Pairs of runs that differ in their butterflies alone, by task, preset and variant."""


def butterflies(records: Sequence[Record]) -> str:
    """Learned butterflies beside what they stand in for, and the paper's pairs."""
    found = {key: _seeds(records, key) for key in BUTTERFLIES}
    head = ["what", "parameters", "test figure", "seeds", "processor seconds", "preset", "the paper"]
    return table(head, [_butterfly(found[key], about) for key, about in BUTTERFLIES.items() if found[key]])


def _butterfly(records: Sequence[Record], about: str) -> list[str]:
    first = records[0]
    several = len(records) > 1 and first["main"] == "accuracy"
    found = _mean([100 * record["figures"]["accuracy"] for record in records]) if several else main_figure(first)
    return [
        about,
        f"{first['parameters']:,}",
        f"**{found}**" + ("" if several else _others(first)),
        str(len(records) if several else 1),
        f"{statistics.mean(record['seconds']['processor'] for record in (records if several else records[:1])):.0f}",
        _preset(first),
        butterfly_figure(first["config"]["task"], first["config"]["variant"]),
    ]


def _mean(figures: Sequence[float]) -> str:
    if not figures:
        return "not run"
    spread = f" ± {statistics.stdev(figures):.1f}" if len(figures) > 1 else ""
    return f"{statistics.mean(figures):.1f}{spread} %"
