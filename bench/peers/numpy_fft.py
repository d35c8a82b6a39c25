"""numpy.fft, which has no threads."""

from __future__ import annotations

from typing import Any

import numpy

from bench.peers.calls import Calls, smooth_length, with_real_fft

NAME = "numpy.fft"
VERSION = numpy.__version__


def prepare(u: Any, k: Any, dy: Any) -> Calls:
    """Return the usual product of transforms."""
    return with_real_fft(numpy.fft.rfft, numpy.fft.irfft, u, k, smooth_length(u, k))
