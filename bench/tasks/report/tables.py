"""Tables, in Markdown, of the records."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from typing import Any

from bench.tasks import ablation, presets
from bench.tasks.paper import figure

Record = dict[str, Any]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table, or a line that says that there is nothing in it yet."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    if not lines:
        return "No record yet."
    return "\n".join([f"| {' | '.join(head)} |", "|" + "---|" * len(head), *lines])


def results(records: Sequence[Record]) -> str:
    """Every run but those of the ablation and the smoke tests, beside what it has to beat and the paper's figure."""
    order = list(presets.RECIPES)
    chosen = [record for record in records if record["config"]["preset"] not in ("smoke", "ablation")]
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
        config["preset"] if record["converged"] else f"{config['preset']}, not converged",
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
    head = ["kernel", *(part for task in tasks for part in (f"{task}, ours", "seeds", f"{task}, the paper"))]
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
    return [
        100 * record["figures"]["accuracy"]
        for record in records
        if (record["config"]["preset"], record["config"]["task"], record["config"]["variant"])
        == ("ablation", task, variant)
    ]


def _mean(figures: Sequence[float]) -> str:
    if not figures:
        return "not run"
    spread = f" ± {statistics.stdev(figures):.1f}" if len(figures) > 1 else ""
    return f"{statistics.mean(figures):.1f}{spread} %"


def by_length(speeds: Sequence[Record]) -> str:
    """Thousands of tokens a second in training, and MiB at the peak of a step, by length."""
    rows = sorted((speed for speed in speeds if speed["name"].startswith("length-")), key=lambda speed: speed["length"])
    names = list(dict.fromkeys(name for row in rows for name in [*row["contenders"], *row["left_out"]]))
    return table(["length", "batch", *names], [_speeds(row, names) for row in rows])


def _speeds(row: Record, names: Sequence[str]) -> list[str]:
    cells = [f"{row['length']:,}", str(row["batch"])]
    for name in names:
        if name in row["left_out"]:
            cells.append(f"not run: {row['left_out'][name]}")
        else:
            one = row["contenders"][name]
            memory = "" if one["peak_bytes"] is None else f", {one['peak_bytes'] / 2**20:,.0f} MiB"
            cells.append(f"{one['tokens_per_s'] / 1000:.1f}{memory}")
    return cells


def path256(speeds: Sequence[Record]) -> str:
    """The step of Path256 and the convolution alone: seconds over longwing and over torch.fft."""
    rows = []
    for speed in speeds:
        if speed["name"].startswith("path256-"):
            ours, theirs = (speed["contenders"][name] for name in ("longwing", "torch.fft"))
            rows.append([_setting(speed), _seconds(ours), _seconds(theirs), f"{speed['speedup']:.2f}"])
    return table(["what", "longwing", "torch.fft", "times as fast"], rows)


def _setting(speed: Record) -> str:
    if "layers" not in speed:
        return f"causal convolution, forward and backward, ({speed['batch']}, {speed['channels']}, {speed['length']:,})"
    return (
        f"training step, {speed['layers']} of the paper's {speed['paper_layers']} layers, width {speed['width']}, "
        f"C = {speed['channels']}, bidirectional, batch {speed['batch']}"
    )


def _seconds(one: Record) -> str:
    spread = f" ± {one['spread'] * 50:.0f} %" if one["spread"] else ""
    saved = f", {one['saved_bytes'] / 2**30:.2f} GiB kept for backward" if "saved_bytes" in one else ""
    return f"{one['seconds']:.2f} s{spread}{saved}"
