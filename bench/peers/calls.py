"""What is to be computed, what a peer can do of it, and the usual way to do it with a real FFT."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


class Unsupported(Exception):  # noqa: N818 - not an error of the bench: the peer can't do this case
    """The peer can't do this; the message says why."""


@dataclass(frozen=True)
class Problem:
    """The arrays of a case. Half types are given as float32 arrays of values that they hold exactly."""

    u: Any
    """(B, H, L)"""

    k: Any
    """(H, K), or what the features make of it."""

    dy: Any
    """Like y."""

    dtype: str = "float32"
    threads: int = 1
    features: tuple[str, ...] = ()
    """What is fused into the call, by the names of bench.cases."""

    arguments: dict[str, Any] = field(default_factory=dict)
    """The features' arguments of longwing.long_conv, by name."""

    def require(self, *, threads: int | None = None, dtypes: tuple[str, ...] = ("float32", "float64")) -> None:
        """Raise Unsupported unless this is a plain convolution in one of `dtypes` on `threads` threads (None: any)."""
        if self.features:
            raise Unsupported("is timed without fused arguments")
        if self.dtype not in dtypes:
            raise Unsupported(f"is timed in {' and '.join(dtypes)}")
        if threads is not None and self.threads != threads:
            raise Unsupported(f"is timed on {threads} thread{'s' if threads > 1 else ''}")


@dataclass(frozen=True)
class Calls:
    """Ready to be timed: inputs are in the peer's own arrays, plans are made. None where the peer can't."""

    full: Callable[[], Any] | None
    """y, with the filter transformed in the call."""

    cached: Callable[[], Any] | None = None
    """y, with the filter transformed before."""

    train: Callable[[], tuple[Any, Any, Any]] | None = None
    """y, du and dk."""


def with_real_fft(rfft: Callable[[Any, int], Any], irfft: Callable[[Any, int], Any], u: Any, k: Any, n: int) -> Calls:
    """Return the calls that multiply transforms of length n: rfft(array, n) pads, irfft(spectrum, n) inverts."""
    length = u.shape[-1]
    spectrum = rfft(k, n)
    return Calls(
        full=lambda: irfft(rfft(u, n) * rfft(k, n), n)[..., :length],
        cached=lambda: irfft(rfft(u, n) * spectrum, n)[..., :length],
    )


def linear_length(u: Any, k: Any) -> int:
    """Return L+K-1: a shorter transform would wrap the tail into the result."""
    return int(u.shape[-1] + k.shape[-1] - 1)


def smooth_length(u: Any, k: Any) -> int:
    """Return the next even length with no prime factor above 5, for libraries that don't choose one themselves."""
    n = linear_length(u, k)
    n += n % 2
    while _without(n, 2, 3, 5) != 1:
        n += 2
    return n


LONGEST_MEASURED = 2**23
"""Points above which FFTW_MEASURE takes many minutes."""


def measurable_length(n: int) -> int:
    """Return n. Raises Unsupported above LONGEST_MEASURED."""
    if n > LONGEST_MEASURED:
        raise Unsupported(f"FFTW_MEASURE is asked for up to {LONGEST_MEASURED} points, above it takes many minutes")
    return n


def _without(number: int, *primes: int) -> int:
    for prime in primes:
        while number % prime == 0:
            number //= prime
    return number
