"""The operation on arrays: one call, nothing kept."""

from __future__ import annotations

from longwing import _core
from longwing._types import Activation, Array, Mode, ReverseLag


def long_conv(
    u: Array,
    k: Array,
    *,
    mode: Mode = "causal",
    reverse_filter: Array | None = None,
    reverse_lag: ReverseLag = "shifted",
    skip: Array | None = None,
    pre_gate: Array | None = None,
    post_gate: Array | None = None,
    activation: Activation | None = None,
    filter_bank: bool = False,
    out: Array | None = None,
) -> Array:
    r"""Convolve every row of `u` with its filter.

    .. math::
        y_{b,h,t} = q_{b,h,t} \cdot \mathrm{act}\Big(\sum_j k_{h,j}\, x_{b,h,t-j} + d_h\, x_{b,h,t}\Big),
        \qquad x = v \odot u

    with `pre_gate` v, `skip` d, activation act and `post_gate` q; each of them is left out where it is None. The sum is
    computed by a right-angle butterfly FFT of the smallest sufficient length, by blocks or directly, whichever is
    expected to be fastest (``longwing.plan(...).explain()`` says which). A row of y depends on its own row of u only.

    Parameters
    ----------
    u : array (..., H, L)
        Rows to convolve: float32, float64, float16 or bfloat16, any strides. Rank at least 2.
    k : array (G, K), (B, G, K) or, with `filter_bank`, (C, G, K)
        Filters; K may be shorter or longer than L. G divides H, and filter g serves channels g·H/G to (g+1)·H/G-1.
        With rank 3 there is one set of filters per sample of a u of rank 3. Any of the four dtypes.
    mode : {"causal", "circular", "same", "full", "valid"}
        Part of the linear convolution that is returned. Rows of y have L samples (causal, circular, same), L+K-1
        (full) or max(L, K) - min(L, K) + 1 (valid). "same" starts at sample (K-1)//2 of "full"; "circular" is
        :math:`y_t = \sum_j k_j x_{(t-j) \bmod L}`.
    reverse_filter : array, optional
        Taps at negative lags, of k's leading shape and their own length R; modes causal and circular only.
    reverse_lag : {"shifted", "overlapped"}
        Lag of tap j of `reverse_filter`: -(j+1) or -j.
    skip : array (H,), optional
        Direct term d; modes causal, circular and same. Any of the four dtypes.
    pre_gate, post_gate : array, optional
        Factors v, like u, and q, like y (with a bank also (..., H, M), shared by the C outputs). u's dtype.
    activation : {"gelu", "silu"}, optional
        "gelu" is the exact one, by erf. None: the identity.
    filter_bank : bool
        k holds C filters that every sample is convolved with; y is (..., C, H, M).
    out : array, optional
        Where to write y: u's library, device and dtype, y's shape, writable, overlapping no input. It is returned.

    Returns
    -------
    array (..., H, M) or (..., C, H, M)
        An array of u's library, on u's device, of u's dtype. Sums are float64 where u is, else float32.

    Raises
    ------
    LongwingTypeError
        A dtype, device or library that is not supported or differs between arrays, a list or scalar for an array, a
        read-only `out`, a tensor that requires grad (``longwing.torch.long_conv`` has gradients).
    LongwingValueError
        A rank, shape, mode or combination of arguments that is not supported; an `out` that overlaps an input.
    LongwingRuntimeError
        Not enough memory, or no backend for the arrays' device.

    Notes
    -----
    Right-angle convolution is a case of R. Crandall and B. Fagin, "Discrete weighted transforms and large-integer
    arithmetic", Mathematics of Computation 62 (1994). Computing releases the GIL; Ctrl-C ends a long call.

    Examples
    --------
    >>> import numpy, longwing
    >>> u = numpy.array([[1.0, 2.0, 3.0, 4.0]])
    >>> longwing.long_conv(u, numpy.array([[0.0, 1.0]])).round(6)
    array([[0., 1., 2., 3.]])
    """
    return _core.long_conv(
        u, k, mode, reverse_filter, reverse_lag, skip, pre_gate, post_gate, activation, filter_bank, out
    )
