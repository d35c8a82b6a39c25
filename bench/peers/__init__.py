"""Who else convolves: one module each, loaded where its library is installed.

A module has NAME, VERSION and prepare(problem) -> Calls, which raises Unsupported where the peer can't do the problem. One
that can change its threads between calls has set_threads(count).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module

from bench.peers.calls import Calls, Problem

MODULES = (
    "longwing_plan",
    "longwing_torch",
    "torch_fft",
    "torch_conv1d",
    "numpy_fft",
    "scipy_fft",
    "scipy_fftconvolve",
    "scipy_oaconvolve",
    "pyfftw_fft",
    "ducc0_fft",
    "mkl_numpy_fft",
    "jax_fft",
    "fftw_pipeline",
)
"""longwing first: ratios refer to the first."""


@dataclass(frozen=True)
class Peer:
    """A library that is here."""

    name: str
    version: str
    prepare: Callable[[Problem], Calls]
    set_threads: Callable[[int], None] | None = None


def find(modules: Sequence[str] = MODULES) -> tuple[list[Peer], dict[str, str]]:
    """Return the peers that are here, and for each module that can't be loaded the reason."""
    found, absent = [], {}
    for module in modules:
        try:
            found.append(load(module))
        except Exception as error:  # a library may fail in any way of its own when it is loaded
            absent[module] = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
    return found, absent


def load(module: str) -> Peer:
    """Return the peer of one module of this package."""
    loaded = import_module(f"bench.peers.{module}")
    return Peer(loaded.NAME, loaded.VERSION, loaded.prepare, getattr(loaded, "set_threads", None))
