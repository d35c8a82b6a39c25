"""ducc0.fft."""

from __future__ import annotations

from typing import Any

import ducc0
import numpy

from bench.peers.calls import Calls, Problem, linear_length, with_real_fft

NAME = "ducc0"
VERSION = ducc0.__version__


def prepare(problem: Problem) -> Calls:
    """Return the usual product of transforms, of the length that ducc0 recommends."""
    problem.require()
    u, k = problem.u, problem.k
    threads = problem.threads
    last = (-1,)

    def rfft(array: Any, n: int) -> Any:
        padded = numpy.zeros((*array.shape[:-1], n), array.dtype)
        padded[..., : array.shape[-1]] = array
        return ducc0.fft.r2c(padded, axes=last, nthreads=threads)

    def irfft(spectrum: Any, n: int) -> Any:
        return ducc0.fft.c2r(spectrum, axes=last, lastsize=n, forward=False, inorm=2, nthreads=threads)

    return with_real_fft(rfft, irfft, u, k, ducc0.fft.good_size(linear_length(u, k), True))
