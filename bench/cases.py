"""The one table of shapes that is measured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

FORWARD = ("full", "cached")
TRAINING = ("full", "cached", "train")
"""Measures of a case: y with the filter transformed in the call; with its spectrum kept; y, du and dk."""

FEATURES = ("skip", "gates", "gelu", "silu", "groups", "shared", "per-sample", "bank", "reverse", "channels-last")
"""What a case may fuse into the call, see bench.problem."""


@dataclass(frozen=True)
class Case:
    """A causal convolution of u (B, H, L) with k (H, K)."""

    batch: int
    channels: int
    length: int
    taps: int = 0
    """K; 0 for L."""

    dtype: str = "float32"
    threads: int = 1
    features: tuple[str, ...] = ()
    measures: tuple[str, ...] = TRAINING
    rounds: int = 15
    smoke: bool = False
    """True where the short run measures it too."""

    bar_ms: float | None = None
    """Milliseconds on an H100 with the spectrum kept that the GPU engine is held to."""

    @property
    def filter_length(self) -> int:
        """K."""
        return self.taps or self.length

    @property
    def rows(self) -> int:
        """Rows of the result."""
        return self.batch * self.channels * (BANK if "bank" in self.features else 1)

    @property
    def samples(self) -> int:
        """Samples of the result."""
        return self.rows * self.length

    @property
    def name(self) -> str:
        """B,H,L, then what is not the default: K, dtype, features, threads. Different cases have different names."""
        parts = [f"{self.batch},{self.channels},{self.length}"]
        parts += [f"K={self.filter_length}"] if self.filter_length != self.length else []
        parts += [self.dtype] if self.dtype != "float32" else []
        parts += ["+".join(self.features)] if self.features else []
        parts += [f"threads={self.threads}"] if self.threads != 1 else []
        return " ".join(parts)


BANK = 2
"""Filters of a bank."""

GROUP = 8
"""Channels that share a filter in a grouped case."""

# Powers of two, from rows that fit the first cache to one that fits none.
POWERS = (
    Case(1, 64, 1024, smoke=True),
    Case(8, 64, 1024),
    Case(4, 64, 4096),
    Case(4, 32, 16384, smoke=True),
    Case(2, 16, 65536),
    Case(1, 8, 262144),
    Case(1, 2, 1048576, rounds=9),
    Case(1, 1, 4194304, rounds=7),
)

# Lengths that nobody chose for an FFT: tiny, round, prime (100003), just past a power of two times a prime power.
ODD = (
    Case(8, 64, 64, smoke=True),
    Case(8, 64, 100),
    Case(8, 64, 1000),
    Case(4, 8, 14113, smoke=True),
    Case(1, 4, 100003),
    Case(1, 1, 720001, rounds=9),
)

# Filters much shorter than the signal: overlap-save, and below some tens of taps direct sums.
SHORT = (
    Case(1, 1, 1048576, taps=1024, smoke=True),
    Case(1, 1, 1048576, taps=65536),
    Case(1, 1, 16777216, taps=1024, measures=FORWARD, rounds=5),
    Case(1, 1, 16777216, taps=65536, measures=FORWARD, rounds=5),
    *(Case(4, 64, 4096, taps=taps, smoke=taps == 16) for taps in (4, 16, 64, 256)),
)


def _precisions() -> Iterator[Case]:
    for case in POWERS:
        yield replace(case, dtype="float64", measures=FORWARD, smoke=case.length == 16384)
    for dtype in ("bfloat16", "float16"):
        for case in POWERS:
            yield replace(case, dtype=dtype, measures=FORWARD, smoke=case.length == 16384 and dtype == "bfloat16")


def _fused() -> Iterator[Case]:
    everything = ("skip", "gates", "gelu")
    for shape in (Case(8, 64, 1024), Case(4, 32, 16384)):
        for features in [*((name,) for name in FEATURES), everything]:
            smoke = features == everything and shape.length == 1024
            yield replace(shape, features=features, measures=("full",), smoke=smoke)


CASES = (
    *POWERS,
    *ODD,
    *SHORT,
    *_precisions(),
    *_fused(),
    *(replace(case, threads=2, measures=("full", "train"), smoke=case.length == 16384) for case in POWERS),
)


def one_a_length(chosen: Iterable[Case]) -> list[Case]:
    """Return the cases sorted by length; of two of one length the larger."""
    by_length = {case.length: case for case in sorted(chosen, key=lambda case: case.samples)}
    return [by_length[length] for length in sorted(by_length)]


# On a GPU, at the shape of the published figures. Bars: 60 % of the memory's bandwidth to 2K, 50 to 16K, 40 above.
_H100_CAUSAL = {256: 0.028, 1024: 0.114, 2048: 0.227, 4096: 0.545, 8192: 1.09, 16384: 2.18, 32768: 5.45, 65536: 10.9}
_H100_GATED = {256: 0.056, 1024: 0.225, 4096: 0.90, 8192: 1.80, 16384: 3.61, 32768: 7.21}

GPU = (
    *(Case(64, 768, n, dtype="bfloat16", bar_ms=bar, smoke=n == 1024) for n, bar in _H100_CAUSAL.items()),
    *(
        Case(64, 768, n, dtype="bfloat16", features=("circular", "gates"), measures=FORWARD, bar_ms=bar, smoke=n == 1024)
        for n, bar in _H100_GATED.items()
    ),
    *(Case(64, 768, n, dtype="float16", measures=FORWARD) for n in (1024, 4096, 16384)),
    *(Case(16, 768, n, dtype="float32", smoke=n == 4096) for n in (1024, 4096, 16384, 65536)),
    Case(4, 256, 1024, dtype="float64", measures=FORWARD),
    # One long row, and few rows: where neither the batch nor the channels fill the device.
    Case(1, 16, 1048576, dtype="float32"),
    Case(1, 1, 4194304, dtype="float32", measures=FORWARD),
)


def choose(*, threads: int, smoke: bool = False, only: tuple[str, ...] = ()) -> list[Case]:
    """Return the cases for `threads` threads named in `only`, or whose name contains a text of it that names none."""
    found = [case for case in CASES if case.threads == threads and (case.smoke or not smoke)]
    names = {case.name for case in CASES}
    exact, parts = [text for text in only if text in names], [text for text in only if text not in names]
    return [case for case in found if not only or case.name in exact or any(part in case.name for part in parts)]
