"""scipy.fft."""

from __future__ import annotations

import os
from functools import partial
from typing import Any

import scipy.fft

from bench.peers.calls import Calls, linear_length, with_real_fft

NAME = "scipy.fft"
VERSION = scipy.__version__


def prepare(u: Any, k: Any, dy: Any) -> Calls:
    """Return the usual product of transforms, of the length that scipy recommends."""
    workers = int(os.environ.get("OMP_NUM_THREADS", "1"))
    n = scipy.fft.next_fast_len(linear_length(u, k), real=True)
    return with_real_fft(partial(scipy.fft.rfft, workers=workers), partial(scipy.fft.irfft, workers=workers), u, k, n)
