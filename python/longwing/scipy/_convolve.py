"""convolve and correlate."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from longwing.scipy._arguments import Array, Method, Mode, check_method, check_mode, check_rank, check_valid
from longwing.scipy._cost import choose_method
from longwing.scipy._direct import convolve_directly, correlate_directly, reversed_conjugate
from longwing.scipy._fftconvolve import fftconvolve


def convolve(in1: ArrayLike, in2: ArrayLike, mode: Mode = "full", method: Method = "auto") -> Array:
    r"""Convolve two arrays along all axes, as scipy.signal.convolve does.

    .. math:: y_t = \sum_j x_j\, h_{t-j}

    Parameters
    ----------
    in1, in2 : array_like
        x and h, of the same number of dimensions.
    mode : {"full", "valid", "same"}
        As in :func:`fftconvolve`.
    method : {"auto", "direct", "fft"}
        By sums, by :func:`fftconvolve`, or by what :func:`choose_conv_method` says.

    Returns
    -------
    numpy.ndarray
        Of the inputs' common dtype. Direct sums are computed in it, those of integers modulo its width; a transform is
        computed in float64 for integers, which are rounded, in float32 for float16, else in the common dtype. With method
        "fft" an empty input gives an empty array of shape (0,).

    Raises
    ------
    LongwingValueError
        Different numbers of dimensions, in mode "valid" no input that contains the other, an unknown mode or method, an
        empty input with method "direct" or "auto", which takes direct sums then, direct sums of bool, float16 or objects
        with several dimensions or a "same" longer than in1.

    Warns
    -----
    RuntimeWarning
        The transform gives a NaN or an infinity: method "direct" keeps them local.
    """
    volume, kernel = np.asarray(in1), np.asarray(in2)
    if volume.ndim == kernel.ndim == 0:
        return volume * kernel  # type: ignore[no-any-return]
    _check(volume, kernel, mode, method)
    if method == "auto":
        method = choose_method(volume, kernel, mode)
    return convolve_directly(volume, kernel, mode) if method == "direct" else _transformed(volume, kernel, mode)


def correlate(in1: ArrayLike, in2: ArrayLike, mode: Mode = "full", method: Method = "auto") -> Array:
    r"""Correlate two arrays along all axes, as scipy.signal.correlate does.

    .. math:: y_t = \sum_l x_l\, \overline{h_{l - t + n_2 - 1}}

    along every axis, of which `mode` keeps a part: the convolution with h reversed and conjugated. Parameters, dtypes,
    errors and warnings are those of :func:`convolve`.
    """
    first, second = np.asarray(in1), np.asarray(in2)
    if first.ndim == second.ndim == 0:
        return first * reversed_conjugate(second)
    _check(first, second, mode, method)
    if method == "direct":
        return correlate_directly(first, second, mode)
    second = reversed_conjugate(second)
    if method == "auto" and choose_method(first, second, mode) == "direct":
        return convolve_directly(first, second, mode)
    return _transformed(first, second, mode)


def _check(in1: Array, in2: Array, mode: Mode, method: Method) -> None:
    check_rank(in1, in2)
    check_mode(mode)
    check_method(method)
    check_valid(mode, in1.shape, in2.shape, range(in1.ndim))


def _transformed(in1: Array, in2: Array, mode: Mode) -> Array:
    """Convolve by transform and return the inputs' common dtype; warns for the caller of the public function."""
    out = fftconvolve(in1, in2, mode)
    dtype: np.dtype[Any] = np.result_type(in1, in2)
    if out.dtype == dtype and dtype.kind not in "fc":
        return out
    if dtype.kind in "iub":
        # Through int64, a sum that does not fit the dtype wraps round as a direct one does.
        whole = np.rint(out, out=out)
        return (whole.astype(np.int64) if dtype.kind != "b" and dtype.itemsize < 8 else whole).astype(dtype)
    if not np.isfinite(out).all():
        warnings.warn(
            "Use of fft convolution on input with NAN or inf results in NAN or inf output. Consider using "
            "method='direct' instead.",
            category=RuntimeWarning,
            stacklevel=3,
        )
    return out.astype(dtype, copy=False)
