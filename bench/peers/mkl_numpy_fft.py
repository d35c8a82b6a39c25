"""Intel's MKL through mkl_fft; MKL_NUM_THREADS sets its threads."""

from __future__ import annotations

from typing import Any

import mkl_fft
from mkl_fft.interfaces import numpy_fft

from bench.peers.calls import Calls, smooth_length, with_real_fft

NAME = "mkl_fft"
VERSION = mkl_fft.__version__


def prepare(u: Any, k: Any, dy: Any) -> Calls:
    """Return the usual product of transforms."""
    return with_real_fft(numpy_fft.rfft, numpy_fft.irfft, u, k, smooth_length(u, k))
