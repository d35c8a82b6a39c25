"""scipy.signal.oaconvolve: overlap-add where the filter is shorter, fftconvolve where it is not."""

from __future__ import annotations

from typing import Any

import scipy
from scipy.signal import oaconvolve

from bench.peers.calls import Calls

NAME = "oaconvolve"
VERSION = scipy.__version__


def prepare(u: Any, k: Any, dy: Any) -> Calls:
    """Return scipy's own function, its tail cut off."""
    length = u.shape[-1]
    return Calls(full=lambda: oaconvolve(u, k[None], axes=-1)[..., :length])
