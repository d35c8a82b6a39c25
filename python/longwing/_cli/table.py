"""The lines in which `longwing demo` and `longwing bench` print what they timed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy

from longwing import testing
from longwing.timing import Timing


def error_against(expected: numpy.typing.ArrayLike) -> Callable[[Any], float]:
    """Return the function from a result, an array of numpy or torch, to its relative L2 error."""
    return lambda actual: testing.relative_l2(numpy.asarray(actual), expected)


def lines(timings: Sequence[Timing], *, samples: int) -> list[str]:
    """Return a line for each contender: time, time a sample, spread, ratio to the first, error; or why it has none."""
    return [_line(timing, timings[0], samples) for timing in timings]


def _line(timing: Timing, first: Timing, samples: int) -> str:
    if timing.rejected:
        return f"  {timing.name:<25}not timed: {timing.rejected}"
    ratio = "-" if first.rejected else f"{timing.median / first.median:.2f}x"
    return (
        f"  {timing.name:<25}{timing.median * 1e3:10.3f} ms {timing.median * 1e9 / samples:8.2f} ns/sample "
        f"(spread {timing.spread:4.0%}) {ratio:>8}   error {timing.error:.1e}"
    )
