"""The picture that `longwing demo` saves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from longwing._cli.errors import CommandError
from longwing._cli.recording import Recording
from longwing._cli.room import REVERBERATION_TIME
from longwing.timing import Timing

_NAME = "longwing-demo.png"
_SOUND, _ROOM, _HEARD, _OTHERS = "#7f8c9b", "#b5651d", "#1f5fa8", "#c3cad3"


def destination(output: Path | None, *, force: bool) -> Path:
    """Return the file to save to: `output`, or our own name in the folder `output` or the current one.

    A file of our own name is replaced; another that exists is a CommandError without `force`.
    """
    file = output if output is not None else Path(_NAME)
    if file.is_dir():
        file = file / _NAME
    elif file.exists() and output is not None and not force:
        raise CommandError(f"{file} exists: give another --output, or --force to write over it")
    if not file.parent.is_dir():
        raise CommandError(f"{file.parent} is no folder: --output can't be saved there")
    known = sorted(Figure().canvas.get_supported_filetypes())
    if file.suffix[1:].lower() not in known:
        raise CommandError(f"{file} does not end in a picture format: supported are {', '.join(known)}")
    return file


def draw(
    file: Path, *, sound: Recording, response: NDArray[Any], heard: NDArray[Any], timings: Sequence[Timing]
) -> None:
    """Save the levels of the sound, the filter and the result over time, a closer look, and bars of the times."""
    figure = Figure(figsize=(12, 7), layout="constrained")
    panels = figure.subplot_mosaic([["sound", "close"], ["room", "bars"], ["heard", "bars"]], width_ratios=[5, 4])
    time = numpy.arange(heard.size) / sound.rate
    _level(panels["sound"], time, sound.intensity, _SOUND, f"Recording: {heard.size:,} samples")
    room = f"Filter: {response.size:,} taps, a church's decay by 60 dB in {REVERBERATION_TIME:g} s"
    _level(panels["room"], time, response / response.max(), _ROOM, room)
    _level(panels["heard"], time, heard, _HEARD, "Result: the sound as heard in the church")
    panels["heard"].set_ylim(panels["sound"].get_ylim())
    panels["heard"].set_xlabel("time in s")
    _close(panels["close"], time, sound, heard)
    _bars(panels["bars"], timings)
    figure.savefig(file, dpi=110)


def _level(axes: Axes, time: NDArray[Any], intensity: NDArray[Any], color: str, title: str) -> None:
    """Draw an intensity in decibels, down to 1e-9 of the largest that is possible."""
    axes.plot(time, 10 * numpy.log10(numpy.maximum(intensity, 1e-9)), color=color, linewidth=0.5)
    axes.set_title(title, loc="left", fontsize="medium")
    axes.set_ylabel("level in dB")
    axes.set_xlim(time[0], time[-1])


def _close(axes: Axes, time: NDArray[Any], sound: Recording, heard: NDArray[Any]) -> None:
    """Draw a fifth of a second of sound and result together, with the nerve's spikes."""
    start, end = time.size // 2, time.size // 2 + int(0.2 * sound.rate)
    part = slice(start, end)
    _level(axes, time[part], sound.intensity[part], _SOUND, "A closer look: sound, result, and the nerve's spikes")
    _level(axes, time[part], heard[part], _HEARD, axes.get_title(loc="left"))
    spikes = sound.spikes[(sound.spikes >= time[start]) & (sound.spikes < time[end])]
    axes.plot(spikes, numpy.full(spikes.size, 3.0), "k|", markersize=8)
    for line in axes.get_lines():
        line.set_linewidth(1.5)


def _bars(axes: Axes, timings: Sequence[Timing]) -> None:
    """Draw a bar for each contender that was timed, with its time and its ratio to the first."""
    timed = [timing for timing in timings if not timing.rejected]
    milliseconds = [timing.median * 1e3 for timing in timed]
    colors = [_HEARD if timing.name == "longwing" else _OTHERS for timing in timed]
    bars = axes.barh([timing.name for timing in timed], milliseconds, color=colors)
    axes.bar_label(bars, [f"{value:.2f} ms  ({value / milliseconds[0]:.1f}x)" for value in milliseconds], padding=4)
    axes.invert_yaxis()
    axes.margins(x=0.5)
    axes.set_title("Time of one call, float32, one thread each", loc="left", fontsize="medium")
    axes.set_xlabel("milliseconds, median")
    axes.spines[["top", "right"]].set_visible(False)
