"""Causal convolution by what else is installed: what `longwing demo` and `longwing bench` time beside longwing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

import numpy

import longwing
from longwing.timing import Contender

FloatArray = numpy.typing.NDArray[numpy.floating[Any]]


def contenders(u: FloatArray, k: FloatArray) -> list[Contender]:
    """Return longwing and every peer at hand, each convolving u (B, H, L) with k (H, K), the first L samples kept."""
    found = [Contender("longwing", lambda: longwing.long_conv(u, k)), Contender("numpy.fft", _numpy(u, k))]
    if find_spec("scipy"):
        found += _scipy(u, k)
    if find_spec("torch"):
        found.append(Contender("torch.fft", _torch(u, k)))
    return found


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Give longwing and torch `count` threads, and what they had back at the end; numpy and scipy.signal take one."""
    before = longwing.get_num_threads()
    longwing.set_num_threads(count)
    try:
        with _torch_threads(count):
            yield
    finally:
        longwing.set_num_threads(before)


@contextmanager
def _torch_threads(count: int) -> Iterator[None]:
    if not find_spec("torch"):
        yield
        return
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _padded(u: FloatArray, k: FloatArray) -> int:
    """Return the smallest even 2^a 3^b 5^c that holds the linear convolution: a length that every FFT is quick at."""
    enough = int(u.shape[-1] + k.shape[-1] - 1)
    odd = (int(3**b * 5**c) for b in range(41) for c in range(28))
    return min(m << max(1, (-(-enough // m) - 1).bit_length()) for m in odd)


def _numpy(u: FloatArray, k: FloatArray) -> Callable[[], FloatArray]:
    n, length = _padded(u, k), u.shape[-1]
    fft = numpy.fft

    def call() -> FloatArray:
        return fft.irfft(fft.rfft(u, n) * fft.rfft(k, n), n)[..., :length]

    return call


def _torch(u: FloatArray, k: FloatArray) -> Callable[[], Any]:
    import torch

    n, length = _padded(u, k), u.shape[-1]
    fft, signal, taps = torch.fft, torch.from_numpy(u), torch.from_numpy(k)

    def call() -> Any:
        return fft.irfft(fft.rfft(signal, n) * fft.rfft(taps, n), n)[..., :length]

    return call


def _scipy(u: FloatArray, k: FloatArray) -> list[Contender]:
    from scipy import signal

    length = u.shape[-1]
    return [
        Contender("scipy.signal.fftconvolve", lambda: signal.fftconvolve(u, k[None], axes=-1)[..., :length]),
        Contender("scipy.signal.oaconvolve", lambda: signal.oaconvolve(u, k[None], axes=-1)[..., :length]),
    ]
