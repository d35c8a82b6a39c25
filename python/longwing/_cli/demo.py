"""``longwing demo``: the whole job on a real recording."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy
from numpy.typing import NDArray

import longwing
from longwing import testing, timing
from longwing._cli import peers, picture, recording, room, table

_ROUNDS = 15


def run(*, output: Path | None, force: bool) -> int:
    """Convolve, check, time and draw; return 1 where the result was wrong. Takes some ten seconds."""
    file = picture.destination(output, force=force)
    print(f"longwing {longwing.__version__}: a sound that a grasshopper heard, as it would be in a large church\n")
    sound, k = _inputs()
    u = sound.intensity.astype(numpy.float32)[None, None]
    length = u.shape[-1]
    _step(3, "Plan", f"\n{longwing.plan(length=length, filter_length=k.shape[-1], channels=1).explain()}")
    y = _convolve(u, k)
    _step(5, "Check", "every sample against a convolution in float64")
    expected = testing.reference(u, k).astype(numpy.float64)
    limit, error = testing.tolerance("float32", 2 * length), testing.relative_l2(y, expected)
    right = error <= limit
    print(f"{_INDENT}relative L2 error {error:.1e}, limit {limit:.1e}: {'right' if right else 'WRONG'}")
    timings = _compare(u, k, expected, limit)
    _step(7, "Picture", "drawing")
    picture.draw(file, sound=sound, response=k[0], heard=y[0, 0], timings=timings)
    print(f"{_INDENT}saved {file.resolve()}")
    return 0 if right else 1


_STEPS = 7
_INDENT = " " * 16


def _step(number: int, name: str, text: str) -> None:
    print(f"[{number}/{_STEPS}] {name:<10}" + text.replace("\n", f"\n{_INDENT}").lstrip(), flush=True)


def _inputs() -> tuple[recording.Recording, NDArray[numpy.float32]]:
    sound = recording.load()
    length = sound.intensity.size
    _step(
        1,
        "Recording",
        f"{length:,} samples at {sound.rate / 1e3:g} kHz, {length / sound.rate:g} s: intensity of the sound played to\n"
        f"a grasshopper's ear, while {sound.spikes.size} spikes of a nerve cell were recorded\n({sound.source})",
    )
    response = room.energy_response(length, sound.rate)
    _step(
        2,
        "Filter",
        f"{response.size:,} taps, as long as the recording: how sound dies away in a church with a\n"
        f"reverberation time of {room.REVERBERATION_TIME:g} s (square of Polack's statistical room response)",
    )
    return sound, response.astype(numpy.float32)[None]


def _convolve(u: NDArray[numpy.float32], k: NDArray[numpy.float32]) -> NDArray[numpy.float32]:
    direct = u.size * (u.size + 1) // 2
    _step(4, "Convolve", f"y = longwing.long_conv(u, k): {direct:.1e} products if done directly")
    start = time.perf_counter()
    y = longwing.long_conv(u, k)
    print(f"{_INDENT}{(time.perf_counter() - start) * 1e3:.1f} ms, {longwing.get_num_threads()} threads")
    return y


def _compare(
    u: NDArray[numpy.float32], k: NDArray[numpy.float32], expected: NDArray[numpy.float64], limit: float
) -> list[timing.Timing]:
    """Time longwing beside its peers, print the table, and return it."""
    _step(6, "Compare", f"float32, one thread each, filter transformed in the call, medians of {_ROUNDS} rounds")
    with peers.threads(1):
        timings = timing.compare(
            peers.contenders(u, k),
            error=table.error_against(expected),
            limit=limit,
            rounds=_ROUNDS,
            progress=_show_round if sys.stderr.isatty() else None,
        )
    print("\n".join(_INDENT + line.lstrip() for line in table.lines(timings, samples=u.size)))
    return timings


def _show_round(done: int, rounds: int) -> None:
    end = "" if done < rounds else "\r\033[K"
    print(f"\r{_INDENT}round {done} of {rounds}", end=end, file=sys.stderr, flush=True)
