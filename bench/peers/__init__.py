"""Who else convolves: one module each, loaded where its library is installed.

A module has NAME, VERSION and prepare(u, k, dy) -> Calls, for NumPy float32 arrays u (B, H, L), k (H, K), dy like u.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from bench.peers.calls import Calls

_LIBRARIES = {
    "longwing_torch": "torch",
    "torch_fft": "torch",
    "numpy_fft": "numpy",
    "scipy_fft": "scipy",
    "scipy_oaconvolve": "scipy",
    "pyfftw_fft": "pyfftw",
    "ducc0_fft": "ducc0",
    "mkl_numpy_fft": "mkl_fft",
    "jax_fft": "jax",
}


@dataclass(frozen=True)
class Peer:
    """A library that is here."""

    name: str
    version: str
    prepare: Callable[[Any, Any, Any], Calls]


def find() -> Sequence[Peer]:
    """Return every peer whose library is installed."""
    return [load(module) for module, library in _LIBRARIES.items() if find_spec(library)]


def load(module: str) -> Peer:
    """Return the peer of one module of this package."""
    loaded = import_module(f"bench.peers.{module}")
    return Peer(loaded.NAME, loaded.VERSION, loaded.prepare)
