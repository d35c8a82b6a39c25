"""FFTW through pyFFTW: transforms planned with FFTW_MEASURE for the whole array, over aligned buffers that calls share."""

from __future__ import annotations

import json
from typing import Any

import pyfftw

from bench import native
from bench.peers.calls import Calls, Problem, linear_length, measurable_length

NAME = "pyFFTW"
VERSION = f"{pyfftw.__version__} (FFTW {pyfftw.fftw_version})"

_WISDOM = native.cache_folder() / f"pyfftw-{pyfftw.__version__}.wisdom"
"""What earlier runs measured, so that planning a length takes its time once."""

if _WISDOM.is_file():
    pyfftw.import_wisdom([one.encode() for one in json.loads(_WISDOM.read_text(encoding="utf-8"))])


class _Pair:
    """A zero-padded real array, its spectrum, and the planned transforms between them."""

    def __init__(self, array: Any, n: int, threads: int) -> None:
        leading = array.shape[:-1]
        self.rows = pyfftw.zeros_aligned((*leading, n), array.dtype)
        kind = "complex64" if array.dtype == "float32" else "complex128"
        self.spectrum = pyfftw.empty_aligned((*leading, n // 2 + 1), kind)
        self.result = pyfftw.empty_aligned((*leading, n), array.dtype)
        options = {"axes": (-1,), "flags": ("FFTW_MEASURE",), "threads": threads}
        self.down = pyfftw.FFTW(self.rows, self.spectrum, direction="FFTW_FORWARD", **options)
        self.up = pyfftw.FFTW(self.spectrum, self.result, direction="FFTW_BACKWARD", normalise_idft=False, **options)
        self.rows[...] = 0  # planning writes to it

    def transform(self, array: Any) -> Any:
        self.rows[..., : array.shape[-1]] = array
        self.down.execute()
        return self.spectrum


def prepare(problem: Problem) -> Calls:
    """Return the product of transforms, of the length that FFTW recommends; the scale 1/n goes to the filter's spectrum."""
    problem.require()
    u, k = problem.u, problem.k
    n, length = measurable_length(pyfftw.next_fast_len(linear_length(u, k))), u.shape[-1]
    signal, taps = _Pair(u, n, problem.threads), _Pair(k, n, problem.threads)
    _WISDOM.write_text(json.dumps([one.decode() for one in pyfftw.export_wisdom()]), encoding="utf-8")
    scale = k.dtype.type(1 / n)

    def rest(spectrum: Any) -> Any:
        product = signal.transform(u)
        product *= spectrum
        signal.up.execute()
        return signal.result[..., :length]

    def full() -> Any:
        spectrum = taps.transform(k)
        spectrum *= scale
        return rest(spectrum)

    kept = taps.transform(k) * scale
    return Calls(full, cached=lambda: rest(kept))
