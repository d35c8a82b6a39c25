"""WAV files: read by scipy.io.wavfile; written by it (float) and by the standard library's wave (PCM, 24 bits too)."""

from __future__ import annotations

import sys
import warnings
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy
from numpy.typing import NDArray
from scipy.io import wavfile

from longwing._cli.errors import CommandError

_LARGEST = 2**32 - 100
"""Bytes of samples that a PCM file's 32-bit sizes can count, headers apart."""


@dataclass(frozen=True)
class Sound:
    """Samples (channels, frames) as a file holds them, floats or scaled so that full scale is 1."""

    samples: NDArray[numpy.floating[Any]]
    rate: int

    @property
    def channels(self) -> int:
        """Number of channels."""
        return int(self.samples.shape[0])

    @property
    def frames(self) -> int:
        """Samples of each channel."""
        return int(self.samples.shape[1])


def read(path: Path) -> Sound:
    """Read PCM of 1 to 64 bits, float32 or float64, plain or WAVE_FORMAT_EXTENSIBLE, RIFF, RIFX or RF64.

    The samples are float32 where that holds them exactly (float32, PCM to 16 bits), else float64. A file that is none
    of these, holds no sample, or one that is not finite, is a CommandError. A file that ends before its header says is
    used as far as it goes, with a warning on stderr.
    """
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", wavfile.WavFileWarning)
            rate, data = wavfile.read(path)
    except OSError as error:
        raise CommandError(f"{path} can't be read: {error.strerror or error}") from error
    except Exception as error:  # what the reader runs into in a malformed file is of many types
        raise CommandError(f"{path} can't be read as a WAV file: {error}") from error
    if any("prematurely" in str(warning.message) for warning in caught):
        print(f"longwing: warning: {path} ends before its header says: using what is there", file=sys.stderr)
    if data.size == 0:
        raise CommandError(f"{path} holds no samples")
    samples = _full_scale_one(data).reshape(data.shape[0], -1).T
    if not numpy.isfinite(samples).all():
        raise CommandError(f"{path} holds samples that are not finite (NaN or infinite)")
    return Sound(samples, int(rate))


def write(path: Path, sound: Sound, sample_format: str) -> None:
    """Write `sound` as "float32", "float64" or "pcmN"; the file appears whole or not at all.

    PCM rounds to nearest; a sample beyond full scale is a CommandError that says by how much.
    """
    data = _encoded(sound.samples.T, sample_format)
    part = path.with_name(path.name + ".part")
    try:
        with part.open("xb") as file:
            if sample_format.startswith("pcm"):
                _write_pcm(file, data, sound, bits=int(sample_format[3:]))
            else:
                wavfile.write(file, sound.rate, data)
        part.replace(path)
    except FileExistsError:
        raise CommandError(f"{part} exists: another run is writing it, or one was cut off; remove it") from None
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _full_scale_one(data: NDArray[Any]) -> NDArray[numpy.floating[Any]]:
    """Return `data` as native floats; integers are left-justified in their type, and 8 bits are unsigned."""
    kind, size = data.dtype.kind, data.dtype.itemsize
    if kind == "f":
        return data.astype(numpy.float64 if size > 4 else numpy.float32)
    floats = data.astype(numpy.float64 if size > 2 else numpy.float32)
    if kind == "u":
        floats -= 128
    floats /= 2.0 ** (8 * size - 1)
    return floats


def _encoded(frames: NDArray[numpy.floating[Any]], sample_format: str) -> NDArray[Any]:
    """Return frames (frames, channels) as the file's numbers; 24-bit ones are in int32."""
    if not sample_format.startswith("pcm"):
        return frames.astype(sample_format)
    bits = int(sample_format[3:])
    full = 2 ** (bits - 1)
    numbers: NDArray[numpy.float64] = numpy.rint(frames.astype(numpy.float64) * full)
    clipped = int(numpy.count_nonzero((numbers < -full) | (numbers > full - 1)))
    if clipped:
        excess = 20 * numpy.log10(numpy.abs(frames).max())
        raise CommandError(
            f"the result's peak is {excess:+.1f} dB from full scale, so {sample_format} would clip {clipped} samples: "
            "use --normalize or --format float32"
        )
    return numbers.astype(numpy.int32)


def _write_pcm(file: BinaryIO, numbers: NDArray[numpy.int32], sound: Sound, *, bits: int) -> None:
    size = bits // 8
    if numbers.size * size > _LARGEST:
        raise CommandError(f"the result is {numbers.size * size} bytes: a PCM WAV file holds at most {_LARGEST}")
    if bits == 8:
        numbers = numbers + 128
    data = numbers.astype("<i4").reshape(-1, 1).view(numpy.uint8)[:, :size].tobytes()
    with wave.open(file, "wb") as output:
        output.setnchannels(sound.channels)
        output.setsampwidth(size)
        output.setframerate(sound.rate)
        output.writeframes(data)
