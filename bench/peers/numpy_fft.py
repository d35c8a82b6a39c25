"""numpy.fft, which has no threads."""

from __future__ import annotations

import numpy

from bench.peers.calls import Calls, Problem, smooth_length, with_real_fft

NAME = "numpy.fft"
VERSION = numpy.__version__


def prepare(problem: Problem) -> Calls:
    """Return the usual product of transforms."""
    problem.require(threads=1)
    u, k = problem.u, problem.k
    return with_real_fft(numpy.fft.rfft, numpy.fft.irfft, u, k, smooth_length(u, k))
