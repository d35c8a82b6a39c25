"""What the machine can do at most, measured with the results: multiply-adds and memory streams, of one or more threads."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from bench import native

_SECONDS = 0.1


class Level(NamedTuple):
    """A level of the memory, and the bytes of a stream that lives in it."""

    name: str
    bytes: int


def fma(seconds: float = 0.02, *, threads: int = 1) -> float:
    """Return float32 operations a second of multiply-adds, the sum over threads."""
    call = native.library("limits").longwing_bench_fma
    call.restype, call.argtypes = ctypes.c_double, [ctypes.c_double]
    return _together(lambda: float(call(seconds)), threads)


def triad(size: int, seconds: float = _SECONDS, *, threads: int = 1) -> float:
    """Return bytes a second of a = b + s·c, the sum over threads; each has three arrays of `size` bytes in all."""
    call = native.library("limits").longwing_bench_triad
    call.restype, call.argtypes = ctypes.c_double, [ctypes.c_int64, ctypes.c_double]
    return _together(lambda: float(call(size, seconds)), threads)


def levels() -> list[Level]:
    """Return the first processor's caches, each with half its size, and the memory, with four times the last cache's."""
    sizes: dict[str, int] = {}
    for index in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        if (index / "type").read_text().strip() != "Instruction":
            level = (index / "level").read_text().strip()
            sizes[f"L{level}"] = int((index / "size").read_text().strip().removesuffix("K")) * 1024
    sizes = sizes or {"L1": 32 * 1024, "L2": 2**20, "L3": 32 * 2**20}  # what is common where the system does not tell
    largest = max(sizes.values())
    return [*(Level(name, size // 2) for name, size in sizes.items()), Level("DRAM", 4 * largest)]


def measure(threads: int) -> dict[str, float]:
    """Return the operations a second under "fma" and the bytes a second under each level's name."""
    streams = {level.name: triad(level.bytes // threads, threads=threads) for level in levels()}
    return {"fma": fma(_SECONDS, threads=threads), **streams}


def _together(call: Callable[[], float], threads: int) -> float:
    if threads == 1:
        return call()
    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(lambda _: call(), range(threads)))
