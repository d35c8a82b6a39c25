"""fftconvolve and oaconvolve."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike

from longwing.scipy._arguments import Array, Mode, check_mode, check_rank, check_valid, convolved_axes
from longwing.scipy._rows import convolve_pair
from longwing.scipy._transform import convolve_axes


def fftconvolve(in1: ArrayLike, in2: ArrayLike, mode: Mode = "full", axes: int | Iterable[int] | None = None) -> Array:
    r"""Convolve two arrays along `axes`, as scipy.signal.fftconvolve does.

    .. math:: y_t = \sum_j x_j\, h_{t-j}

    for in1 x and in2 h, along every axis of `axes`; along the others they broadcast.

    Parameters
    ----------
    in1, in2 : array_like
        Of the same number of dimensions; any dtype that converts to floating point.
    mode : {"full", "valid", "same"}
        n1+n2-1 samples; those that need no padding, of which there are max(n1, n2) - min(n1, n2) + 1; in1's shape, the
        centre of "full".
    axes : int or iterable of int, optional
        Axes to convolve along; None: all.

    Returns
    -------
    numpy.ndarray
        float64 for integers, booleans and objects, float32 for float16, else the inputs' common dtype; computed in it.
        The product of the inputs, in its dtype, where no axis has more than one sample in both; ``array([])`` where an
        input has no elements. Without dimensions, the product of two scalars.

    Raises
    ------
    LongwingValueError
        Different numbers of dimensions; shapes that don't broadcast along the other axes; in mode "valid" no input that
        contains the other; an unknown mode; axes that are empty, repeated, out of range or no integers.

    Notes
    -----
    :func:`longwing.long_conv` computes it, with several axes laid out as one and complex numbers by their parts. It has
    no longdouble: longdouble and clongdouble are transformed by ``numpy.fft``, which computes in them. A NaN or infinity
    may reach any sample of its own row, and none of another.

    Examples
    --------
    >>> from longwing.scipy import fftconvolve
    >>> fftconvolve([1.0, 2.0, 3.0], [0.0, 1.0]).round(6) + 0.0
    array([0., 1., 2., 3.])
    """
    if axes is None or axes in (0, -1):
        row = convolve_pair(in1, in2, mode)
        if row is not None:
            return row
    first, second = np.asarray(in1), np.asarray(in2)
    if first.ndim == second.ndim == 0:
        return first * second  # type: ignore[no-any-return]
    check_rank(first, second)
    if not (first.size and second.size):
        return np.array([])
    kept = convolved_axes(first, second, axes)
    check_valid(mode, first.shape, second.shape, kept)
    check_mode(mode)
    return convolve_axes(first, second, mode, kept)


def oaconvolve(in1: ArrayLike, in2: ArrayLike, mode: Mode = "full", axes: int | Iterable[int] | None = None) -> Array:
    """Convolve two arrays along `axes`, as scipy.signal.oaconvolve does.

    The same as :func:`fftconvolve`: arguments, result and errors. Whether to go by blocks is chosen there from the
    lengths, so that there is nothing to gain from asking for it.
    """
    return fftconvolve(in1, in2, mode, axes)
