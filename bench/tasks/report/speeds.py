"""Tables, in Markdown, of the records of speed."""

from __future__ import annotations

from collections.abc import Sequence

from bench.tasks.report.tables import Record, table


def by_length(speeds: Sequence[Record]) -> str:
    """Thousands of tokens a second in training, and MiB at the peak of a step, by length."""
    rows = sorted((speed for speed in speeds if speed["name"].startswith("length-")), key=lambda speed: speed["length"])
    names = list(dict.fromkeys(name for row in rows for name in [*row["contenders"], *row["left_out"]]))
    return table(["length", "batch", *names, "other work"], [_speeds(row, names) for row in rows])


def _speeds(row: Record, names: Sequence[str]) -> list[str]:
    cells = [f"{row['length']:,}", str(row["batch"])]
    for name in names:
        if name in row["left_out"]:
            cells.append(f"not run: {row['left_out'][name]}")
        else:
            one = row["contenders"][name]
            memory = "" if one["peak_bytes"] is None else f", {one['peak_bytes'] / 2**20:,.0f} MiB"
            cells.append(f"{one['tokens_per_s'] / 1000:.1f} ± {50 * one['spread']:.0f} %{memory}")
    return [*cells, _elsewhere(row)]


def _elsewhere(speed: Record) -> str:
    """What other processes had of the machine meanwhile; older records don't tell."""
    share = speed.get("elsewhere")
    return "not known" if share is None else f"{100 * share:.0f} %"


def path256(speeds: Sequence[Record]) -> str:
    """The step of Path256 and the convolution alone: seconds over longwing and over torch.fft."""
    rows = []
    for speed in speeds:
        if speed["name"].startswith("path256-memory"):
            rows.append([_setting(speed), f"{speed['peak_bytes'] / 2**30:.1f} GiB at the peak", "not run", "", ""])
        elif speed["name"].startswith("path256-"):
            ours, theirs = (speed["contenders"][name] for name in ("longwing", "torch.fft"))
            rows.append([_setting(speed), _seconds(ours), _seconds(theirs), _times(speed), _elsewhere(speed)])
    return table(["what", "longwing", "torch.fft", "times as fast", "other work"], rows)


def _times(speed: Record) -> str:
    """The ratio of medians, and that of the fastest calls, which other work on the machine delays least."""
    ours, theirs = (speed["contenders"][name].get("fastest") for name in ("longwing", "torch.fft"))
    return f"{speed['speedup']:.2f}" + (f", of the fastest calls {theirs / ours:.2f}" if ours and theirs else "")


def split(speeds: Sequence[Record]) -> str:
    """Where the seconds of a step of Path256 go."""
    steps = [speed for speed in speeds if speed["name"].startswith("path256-step")]
    rows = [(name, one["split"]) for speed in steps for name, one in speed["contenders"].items() if "split" in one]
    if not rows:
        return table([], [])
    return table(
        ["seconds of a step", *rows[0][1], "in all"],
        [[name, *(f"{value:.2f}" for value in parts.values()), f"{sum(parts.values()):.2f}"] for name, parts in rows],
    )


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
