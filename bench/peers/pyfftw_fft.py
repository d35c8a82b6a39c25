"""FFTW through pyFFTW: plans are measured up to 2^17 points and estimated above, where measuring takes minutes."""

from __future__ import annotations

import os
from functools import partial
from typing import Any

import pyfftw
from pyfftw.interfaces import cache, numpy_fft

from bench.peers.calls import Calls, linear_length, with_real_fft

NAME = "pyFFTW"
VERSION = pyfftw.__version__

_LARGEST_MEASURED = 2**17

cache.enable()
cache.set_keepalive_time(600)


def prepare(u: Any, k: Any, dy: Any) -> Calls:
    """Return the usual product of transforms, with the plans that pyFFTW's cache keeps."""
    n = pyfftw.next_fast_len(linear_length(u, k))
    options = {
        "threads": int(os.environ.get("OMP_NUM_THREADS", "1")),
        "planner_effort": "FFTW_MEASURE" if n <= _LARGEST_MEASURED else "FFTW_ESTIMATE",
    }
    return with_real_fft(partial(numpy_fft.rfft, **options), partial(numpy_fft.irfft, **options), u, k, n)
