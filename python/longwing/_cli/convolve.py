"""``longwing convolve``: a WAV file through a filter from another."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy
from numpy.typing import NDArray

import longwing
from longwing._cli import wav
from longwing._cli.errors import CommandError
from longwing._cli.wav import Sound

Mode = Literal["full", "same", "causal"]


def run(
    source: Path, filter_file: Path, output: Path, *, mode: Mode, sample_format: str, normalize: bool, force: bool
) -> int:
    """Convolve every channel of `source` and save it; raise a CommandError where that can't be done.

    float32 samples and PCM to 16 bits are computed in float32; where either file or the format asked for holds more,
    in float64.
    """
    _check_output(output, force=force)
    signal, taps = wav.read(source), wav.read(filter_file)
    _check_pair(source, signal, filter_file, taps)
    wide = sample_format in ("float64", "pcm24", "pcm32")
    dtype = numpy.result_type(signal.samples, taps.samples, numpy.float64 if wide else numpy.float32)
    y = longwing.long_conv(signal.samples.astype(dtype), taps.samples, mode=mode)
    if not numpy.isfinite(y).all():
        raise CommandError(f"the result is too large for {dtype}: scale {source} or {filter_file} down")
    if normalize:
        y = _normalized(y, sample_format)
    _check_output(output, force=force)
    wav.write(output, Sound(y, signal.rate), sample_format)
    print(f"{output}: {_described(Sound(y, signal.rate))}, {sample_format}, peak {_decibels(y)}")
    return 0


def _check_output(output: Path, *, force: bool) -> None:
    if output.exists() and not output.is_file():
        raise CommandError(f"{output} is no regular file: --output can't be written there")
    if output.exists() and not force:
        raise CommandError(f"{output} exists: give another --output, or --force to write over it")
    if not output.parent.is_dir():
        raise CommandError(f"{output.parent} is no folder: --output can't be written there")


def _check_pair(source: Path, signal: Sound, filter_file: Path, taps: Sound) -> None:
    if signal.rate != taps.rate:
        raise CommandError(
            f"{source} has {signal.rate} samples a second and {filter_file} has {taps.rate}: the rates must be equal; "
            "resample one of the two first"
        )
    if taps.channels not in (1, signal.channels):
        raise CommandError(
            f"{source} has {_count(signal.channels, 'channel')} and {filter_file} has "
            f"{_count(taps.channels, 'channel')}: a filter has one channel for all or as many as the input"
        )


def _normalized(y: NDArray[Any], sample_format: str) -> NDArray[Any]:
    """Return y with its peak at full scale: 1, or a PCM format's largest number. Silence stays silence."""
    peak = float(numpy.abs(y).max())
    full = 1 - 2.0 ** (1 - int(sample_format[3:])) if sample_format.startswith("pcm") else 1.0
    return y * (full / peak) if peak > 0 else y


def _described(sound: Sound) -> str:
    return f"{_count(sound.channels, 'channel')} of {_count(sound.frames, 'sample')} at {sound.rate} Hz"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def _decibels(y: NDArray[Any]) -> str:
    peak = float(numpy.abs(y).max())
    return f"{20 * numpy.log10(peak):+.1f} dB of full scale" if peak > 0 else "0 (silence)"
