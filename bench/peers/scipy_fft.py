"""scipy.fft."""

from __future__ import annotations

from functools import partial

import scipy.fft

from bench.peers.calls import Calls, Problem, linear_length, with_real_fft

NAME = "scipy.fft"
VERSION = scipy.__version__


def prepare(problem: Problem) -> Calls:
    """Return the usual product of transforms, of the length that scipy recommends."""
    problem.require()
    u, k = problem.u, problem.k
    workers = problem.threads
    n = scipy.fft.next_fast_len(linear_length(u, k), real=True)
    return with_real_fft(partial(scipy.fft.rfft, workers=workers), partial(scipy.fft.irfft, workers=workers), u, k, n)
