"""The one table of shapes that is measured."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """A causal convolution of u (B, H, L) with k (H, K)."""

    batch: int
    channels: int
    length: int
    taps: int = 0
    """K; 0 for L."""

    smoke: bool = False
    """True where the short run measures it too."""

    @property
    def filter_length(self) -> int:
        """K."""
        return self.taps or self.length

    @property
    def samples(self) -> int:
        """Samples of the result."""
        return self.batch * self.channels * self.length

    @property
    def name(self) -> str:
        """B,H,L, and K where it is not L."""
        name = f"{self.batch},{self.channels},{self.length}"
        return name if self.filter_length == self.length else f"{name} K={self.filter_length}"


CASES = (
    # Powers of two, from rows that fit the first cache to one that fits none.
    Case(1, 64, 1024, smoke=True),
    Case(8, 64, 1024, smoke=True),
    Case(4, 64, 4096),
    Case(4, 32, 16384, smoke=True),
    Case(2, 16, 65536),
    Case(1, 8, 262144),
    Case(1, 2, 1048576),
    Case(1, 1, 4194304),
    # Lengths that nobody chose for an FFT: tiny, round, prime (100003), just past a power of two times a prime power.
    Case(8, 64, 64, smoke=True),
    Case(8, 64, 100, smoke=True),
    Case(8, 64, 1000, smoke=True),
    Case(4, 8, 14113, smoke=True),
    Case(1, 4, 100003, smoke=True),
    Case(1, 1, 720001),
    # Filters much shorter than the signal.
    Case(1, 1, 1048576, taps=1024, smoke=True),
    Case(1, 1, 1048576, taps=65536),
)
