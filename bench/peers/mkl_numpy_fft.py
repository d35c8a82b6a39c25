"""Intel's MKL through mkl_fft; MKL_NUM_THREADS sets its threads."""

from __future__ import annotations

import mkl_fft
from mkl_fft.interfaces import numpy_fft

from bench.peers.calls import Calls, Problem, smooth_length, with_real_fft

NAME = "mkl_fft"
VERSION = mkl_fft.__version__


def prepare(problem: Problem) -> Calls:
    """Return the usual product of transforms."""
    problem.require()
    u, k = problem.u, problem.k
    return with_real_fft(numpy_fft.rfft, numpy_fft.irfft, u, k, smooth_length(u, k))
