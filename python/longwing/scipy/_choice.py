"""choose_conv_method."""

from __future__ import annotations

import timeit
from collections.abc import Callable
from typing import Literal, overload

import numpy as np
from numpy.typing import ArrayLike

from longwing.scipy._arguments import Mode
from longwing.scipy._convolve import convolve
from longwing.scipy._cost import choose_method

Chosen = Literal["direct", "fft"]


@overload
def choose_conv_method(in1: ArrayLike, in2: ArrayLike, mode: Mode = ..., measure: Literal[False] = ...) -> Chosen: ...
@overload
def choose_conv_method(
    in1: ArrayLike, in2: ArrayLike, mode: Mode = ..., *, measure: Literal[True]
) -> tuple[Chosen, dict[str, float]]: ...
def choose_conv_method(
    in1: ArrayLike, in2: ArrayLike, mode: Mode = "full", measure: bool = False
) -> Chosen | tuple[Chosen, dict[str, float]]:
    """Say which method :func:`convolve` and :func:`correlate` take with ``method="auto"``.

    Parameters
    ----------
    in1, in2 : array_like
        The inputs of the convolution; their values count where they are integers.
    mode : {"full", "valid", "same"}
        As in :func:`fftconvolve`.
    measure : bool
        Time both methods on the inputs.

    Returns
    -------
    "direct" or "fft", with `measure` also a dict of seconds by method
        "direct" for booleans, objects, inputs without dimensions or elements, and integers where the product of the
        largest magnitudes and the number of terms passes 2^52 - 1, which is scipy's rule for what float64 holds exactly.
        Else what a cost model of this library expects to be faster: "fft" at smaller sizes than scipy's. With `measure`,
        what took less time.

    Raises
    ------
    LongwingValueError
        An unknown mode; with `measure` also what :func:`convolve` raises.
    """
    volume, kernel = np.asarray(in1), np.asarray(in2)
    if not measure:
        return choose_method(volume, kernel, mode)
    times = {
        "fft": _seconds(lambda: convolve(volume, kernel, mode, "fft")),
        "direct": _seconds(lambda: convolve(volume, kernel, mode, "direct")),
    }
    return ("fft" if times["fft"] < times["direct"] else "direct"), times


def _seconds(call: Callable[[], object]) -> float:
    """Return the seconds of one call, the least of three runs of at least 0.5 ms, or of the first if it takes a second."""
    timer = timeit.Timer(call)
    number, elapsed = 1, timer.timeit(1)
    while elapsed < 5e-4:
        number *= 10
        elapsed = timer.timeit(number)
    return elapsed if elapsed > 1 else min(timer.repeat(3, number)) / number
