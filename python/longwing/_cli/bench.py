"""``longwing bench``: a table of shapes beside what is installed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy

import longwing
from longwing import testing, timing
from longwing._cli import peers, table

_TOUR = ((1, 64, 1024), (8, 64, 1024), (4, 32, 16384), (1, 8, 262144), (1, 1, 1048576))
"""Short and long rows, few and many, of the repository's own table in bench/cases.py: about 15 seconds in all."""

_ROUNDS = 7


def run(shapes: Sequence[tuple[int, int, int]], *, threads: int) -> int:
    """Print one block of lines for every (B, H, L), K = L; return 1 where longwing's own result was wrong."""
    information = longwing.info()
    print(f"longwing {information['version']}, {information['isa']}, threads for each: {threads}")
    print(f"causal, float32, K = L, filter transformed in the call; median of {_ROUNDS} interleaved rounds")
    right = True
    with peers.threads(threads):
        for shape in shapes or _TOUR:
            print(f"\n(B, H, L) = {shape}", flush=True)
            timings = _measure(shape)
            right = right and not timings[0].rejected
            print("\n".join(table.lines(timings, samples=shape[0] * shape[1] * shape[2])), flush=True)
    return 0 if right else 1


def _measure(shape: tuple[int, int, int]) -> list[timing.Timing]:
    _, channels, length = shape
    generator = numpy.random.default_rng(length)
    u = generator.standard_normal(shape, dtype=numpy.float32)
    k = generator.standard_normal((channels, length), dtype=numpy.float32)
    return timing.compare(
        peers.contenders(u, k),
        error=table.error_against(testing.reference(u, k)),
        limit=testing.tolerance("float32", 2 * length),
        rounds=_ROUNDS,
    )
