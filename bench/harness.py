"""Measures one case: inputs, what is right, and the peers' times, each verified in the same run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy
from longwing import testing
from longwing.timing import Contender, Timing, compare

from bench.cases import Case
from bench.peers import Peer

MEASURES = {"full": "forward", "cached": "cached", "train": "fwd+bwd"}
"""Attributes of Calls, and how they are printed."""


@dataclass(frozen=True)
class Result:
    """One measure of one case; the first timing is the one that ratios refer to."""

    case: Case
    measure: str
    limit: float
    """Largest relative L2 error of a right result."""

    timings: tuple[Timing, ...]
    versions: dict[str, str]


def measure(case: Case, peers: Sequence[Peer], *, rounds: int) -> Iterator[Result]:
    """Yield a Result for every measure, of the peers that can do it, on normal float32 data."""
    generator = numpy.random.default_rng(case.length + case.filter_length)
    shape = (case.batch, case.channels, case.length)
    u, dy = (generator.standard_normal(shape, dtype=numpy.float32) for _ in range(2))
    k = generator.standard_normal((case.channels, case.filter_length), dtype=numpy.float32)
    y = testing.reference(u, k)
    gradients = testing.reference_gradients(dy, u, k)
    expected = {"full": (y,), "cached": (y,), "train": (y, gradients.u, gradients.k)}
    limit = testing.tolerance("float32", case.length + case.filter_length)
    prepared = [(peer, peer.prepare(u, k, dy)) for peer in peers]
    for name in MEASURES:
        able = [(peer, getattr(calls, name)) for peer, calls in prepared if getattr(calls, name)]
        timings = compare(
            [Contender(peer.name, call) for peer, call in able],
            error=_error_against(expected[name]),
            limit=limit,
            rounds=rounds,
        )
        yield Result(case, name, limit, tuple(timings), {peer.name: peer.version for peer, _ in able})


def _error_against(expected: tuple[Any, ...]) -> Callable[[Any], float]:
    """Return the function from a result, or a tuple of them, to its largest relative L2 error."""

    def error(result: Any) -> float:
        actual = result if isinstance(result, tuple) else (result,)
        pairs = zip(actual, expected, strict=True)
        return float(numpy.max([testing.relative_l2(numpy.asarray(one), right) for one, right in pairs]))

    return error
