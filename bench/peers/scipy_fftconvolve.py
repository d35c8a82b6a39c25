"""scipy.signal.fftconvolve."""

from __future__ import annotations

import scipy
from scipy.signal import fftconvolve

from bench.peers.calls import Calls, Problem

NAME = "fftconvolve"
VERSION = scipy.__version__


def prepare(problem: Problem) -> Calls:
    """Return scipy's own function, its tail cut off."""
    problem.require(threads=1)
    u, k = problem.u, problem.k
    length = u.shape[-1]
    return Calls(full=lambda: fftconvolve(u, k[None], axes=-1)[..., :length])
