"""scipy.signal.oaconvolve: overlap-add where the filter is shorter, fftconvolve where it is not."""

from __future__ import annotations

import scipy
from scipy.signal import oaconvolve

from bench.peers.calls import Calls, Problem

NAME = "oaconvolve"
VERSION = scipy.__version__


def prepare(problem: Problem) -> Calls:
    """Return scipy's own function, its tail cut off."""
    problem.require(threads=1)
    u, k = problem.u, problem.k
    length = u.shape[-1]
    return Calls(full=lambda: oaconvolve(u, k[None], axes=-1)[..., :length])
