"""ducc0.fft."""

from __future__ import annotations

import os
from typing import Any

import ducc0
import numpy

from bench.peers.calls import Calls, linear_length, with_real_fft

NAME = "ducc0"
VERSION = ducc0.__version__


def prepare(u: Any, k: Any, dy: Any) -> Calls:
    """Return the usual product of transforms, of the length that ducc0 recommends."""
    threads = int(os.environ.get("OMP_NUM_THREADS", "1"))
    last = (-1,)

    def rfft(array: Any, n: int) -> Any:
        padded = numpy.zeros((*array.shape[:-1], n), array.dtype)
        padded[..., : array.shape[-1]] = array
        return ducc0.fft.r2c(padded, axes=last, nthreads=threads)

    def irfft(spectrum: Any, n: int) -> Any:
        return ducc0.fft.c2r(spectrum, axes=last, lastsize=n, forward=False, inorm=2, nthreads=threads)

    return with_real_fft(rfft, irfft, u, k, ducc0.fft.good_size(linear_length(u, k), True))
