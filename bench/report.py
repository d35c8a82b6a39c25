"""How results are printed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from bench import machine, record
from bench.harness import Result
from bench.peers import Peer

MEASURES = {"full": "forward", "cached": "cached", "train": "fwd+bwd"}
_ITEM = {"float64": 8, "float32": 4, "float16": 2, "bfloat16": 2}


def heading(peers: Sequence[Peer], absent: Mapping[str, str], *, threads: int) -> str:
    """Return the lines above the results."""
    lines = [
        f"{machine.processor()}, {machine.isa()}; commit {machine.commit()}; threads for each: {threads}",
        *(f"  {peer.name} {peer.version}" for peer in peers),
        *(f"  absent: {module}: {reason}" for module, reason in absent.items()),
        "causal; median and interquartile range of interleaved rounds; share of the multiply-add peak that the nominal",
        "operations take; then the time of the others in multiples of longwing's, median over rounds",
    ]
    return "\n".join(lines)


def lines(result: Result) -> Iterator[str]:
    """Yield a line for the first contender and lines for the others."""
    first, *rest = result.timings
    title = f"{result.case.name:<32}{MEASURES[result.measure]:<9}"
    if first.rejected:
        yield f"{title}{first.name} is not timed: {first.rejected}"
        return
    entry = record.entry(result)
    share = f"{peak_share(entry):>6.0%} of peak" if peak_share(entry) else ""
    yield (
        f"{title}{first.median * 1e9 / result.case.samples:>8.3f} ns/sample, range {first.spread:.0%}, "
        f"{_bytes(result) / first.median / 1e9:.1f} GB/s, error {first.error:.1e}{share}"
    )
    timed = [f"{one.name} {record.ratio(entry, one.name):.2f}" for one in rest if not one.rejected]
    for start in range(0, len(timed), 5):
        yield f"    {'; '.join(timed[start : start + 5])}"
    yield from (f"    {one.name}: {one.rejected}" for one in rest if one.rejected)


def absences(results: Sequence[Result]) -> Iterator[str]:
    """Yield every reason why peers are not in some results, with the peers and the number of their results."""
    reasons: dict[str, dict[str, int]] = {}
    for result in results:
        for name, reason in result.absent.items():
            names = reasons.setdefault(reason, {})
            names[name] = names.get(name, 0) + 1
    for reason, names in reasons.items():
        told = ", ".join(f"{name} ({count} of {len(results)} results)" for name, count in names.items())
        yield f"not asked, {reason}: {told}"


def nominal_operations(batch: int, length: int) -> float:
    """Return the operations of a row's convolution, K = L, with its share of the filter's transform.

    2 + 1/B real transforms of 2.5·2L·log2(2L), and 6L for the product: what a padded FFT counts, whatever is computed.
    """
    return (2 + 1 / batch) * 2.5 * 2 * length * math.log2(2 * length) + 6 * length


def peak_share(entry: record.Entry) -> float | None:
    """Return nominal operations a second over the multiply-add peak of the same run; None where that says nothing."""
    batch, channels, length = entry["shape"]
    plain = not entry["features"] and entry["taps"] == length and entry["threads"] == 1 and entry["dtype"] == "float32"
    median = record.median(entry, "longwing")
    if not plain or entry["measure"] != "full" or not entry["fma_per_s"] or median is None:
        return None
    return nominal_operations(batch, length) * batch * channels / median / entry["fma_per_s"]


def _bytes(result: Result) -> int:
    """Return the bytes that have to move: u, k and y once; with the gradients u, k, y, dy, du and dk."""
    case = result.case
    arrays = 2 * case.samples + case.channels * case.filter_length
    return _ITEM[case.dtype] * (arrays if result.measure != "train" else 2 * arrays)
