"""FFTW from C++, fused row by row, planned with FFTW_MEASURE (native/fftw_pipeline.cc): what a C++ program could have."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy

from bench import native
from bench.peers.calls import Calls, Problem, measurable_length, smooth_length

NAME = "FFTW C++"

_LIBRARY = native.library("fftw_pipeline", ("fftw3f", "fftw3"))
_PREFIX = "longwing_bench_fftw_"
_WISDOM = [str(native.cache_folder() / f"fftw-{precision}.wisdom").encode() for precision in ("single", "double")]


def _function(name: str, *arguments: Any, result: Any = None) -> Any:
    function = getattr(_LIBRARY, _PREFIX + name)
    function.argtypes, function.restype = arguments, result
    return function


_POINTER = ctypes.c_void_p
_version = _function("version", result=ctypes.c_char_p)
_compiler = _function("compiler", result=ctypes.c_char_p)
_load = _function("load", ctypes.c_char_p, ctypes.c_char_p)
_save = _function("save", ctypes.c_char_p, ctypes.c_char_p, result=ctypes.c_int)
_make = _function("make", ctypes.c_int, *[ctypes.c_int64] * 5, result=_POINTER)
_drop = _function("drop", _POINTER)
_full = _function("full", _POINTER, _POINTER, _POINTER, _POINTER)
_keep = _function("keep", _POINTER, _POINTER)
_cached = _function("cached", _POINTER, _POINTER, _POINTER)

VERSION = f"{_version().decode()} ({_compiler().decode()}); pipeline by {native.compiler_version()}"

_load(*_WISDOM)


class _Pipeline:
    """Owns one C++ pipeline, and the arrays whose addresses its calls are given."""

    def __init__(self, u: Any, k: Any, n: int) -> None:
        self.u, self.k, self.y = u, k, numpy.empty_like(u)
        self.handle = _make(u.dtype == numpy.float64, *u.shape, k.shape[-1], n)
        _save(*_WISDOM)
        _keep(self.handle, k.ctypes.data)

    def __del__(self) -> None:
        _drop(self.handle)


def prepare(problem: Problem) -> Calls:
    """Return the pipeline's two calls, with transforms of the next even length that has no prime factor above 5."""
    problem.require(threads=1, dtypes=("float32", "float64"))
    u, k = problem.u, problem.k
    pipeline = _Pipeline(u, k, measurable_length(smooth_length(u, k)))
    signal, taps, result = (array.ctypes.data for array in (u, k, pipeline.y))

    def full() -> Any:
        _full(pipeline.handle, signal, taps, result)
        return pipeline.y

    def cached() -> Any:
        _cached(pipeline.handle, signal, result)
        return pipeline.y

    return Calls(full, cached)
