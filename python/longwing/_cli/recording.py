"""The recording of `longwing demo`: a sound, and the nerve cell that heard it, from the package nitime."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import numpy
from numpy.typing import NDArray

from longwing._cli.errors import CommandError

_INTERVAL = 50e-6
"""Seconds between two samples, as in the first column of the file."""


@dataclass(frozen=True)
class Recording:
    """A sound's intensity over time and the spikes of an auditory receptor neuron of a grasshopper that heard it."""

    intensity: NDArray[numpy.float64]
    """Square of the sound's envelope, largest value 1."""

    spikes: NDArray[numpy.float64]
    """Times of the neuron's spikes in seconds."""

    source: str
    """Where it comes from, for a person to read."""

    @property
    def rate(self) -> float:
        """Samples a second."""
        return 1 / _INTERVAL


def load() -> Recording:
    """Read the recording out of nitime's files, without importing nitime; a CommandError where they are not there.

    The sound is a carrier of 2.5 kHz whose level is Gaussian noise in decibels, 6 dB in standard deviation and cut off
    at 200 Hz; the file holds the amplitude of its envelope.
    """
    folder = _data_folder()
    envelope = _column(folder / "grasshopper_stimulus1.txt", 1)
    spikes = _column(folder / "grasshopper_spike_times1.txt", 0)
    return Recording(
        intensity=(envelope / envelope.max()) ** 2,
        spikes=spikes * 1e-6,
        source=f"nitime {version('nitime')}, grasshopper_stimulus1.txt",
    )


def _data_folder() -> Path:
    spec = find_spec("nitime")
    for location in (spec.submodule_search_locations or ()) if spec else ():
        return Path(location) / "data"
    raise CommandError("'longwing demo' needs nitime's recording: pip install 'longwing[demo]'")


def _column(file: Path, column: int) -> NDArray[numpy.float64]:
    try:
        return numpy.loadtxt(file, usecols=column, dtype=numpy.float64)
    except FileNotFoundError:
        raise CommandError(f"nitime {version('nitime')} has no {file.name}: pip install 'nitime==0.12.1'") from None
