"""The operation on tensors, with gradients."""

from __future__ import annotations

import reprlib
from typing import Any

import torch

from longwing._core import LongwingTypeError
from longwing._types import Activation, Mode, ReverseLag
from longwing.torch.operator import forward
from longwing.torch.operator.schema import TENSORS, Options

_NONE = type(None)
_TENSOR, _OPTIONAL_TENSOR = (torch.Tensor,), (torch.Tensor, _NONE)

# The types that the operator's schema takes, in its order.
_KINDS: tuple[tuple[type, ...], ...] = (
    *(_TENSOR, _TENSOR, _OPTIONAL_TENSOR, _OPTIONAL_TENSOR, _OPTIONAL_TENSOR, _OPTIONAL_TENSOR),
    *((str,), (str,), (str, _NONE), (bool,)),
)


def long_conv(
    u: torch.Tensor,
    k: torch.Tensor,
    *,
    mode: Mode = "causal",
    reverse_filter: torch.Tensor | None = None,
    reverse_lag: ReverseLag = "shifted",
    skip: torch.Tensor | None = None,
    pre_gate: torch.Tensor | None = None,
    post_gate: torch.Tensor | None = None,
    activation: Activation | None = None,
    filter_bank: bool = False,
) -> torch.Tensor:
    r"""Convolve every row of `u` with its filter, as an operator of torch: differentiable in every tensor, to any order.

    .. math::
        y_{b,h,t} = q_{b,h,t} \cdot \mathrm{act}\Big(\sum_j k_{h,j}\, x_{b,h,t-j} + d_h\, x_{b,h,t}\Big),
        \qquad x = v \odot u

    with `pre_gate` v, `skip` d, activation act and `post_gate` q; each of them is left out where it is None. It is
    :func:`longwing.long_conv`, whose documentation has the other modes, without `out`.

    Parameters
    ----------
    u : Tensor (..., H, L)
        Rows to convolve: float32, float64, float16 or bfloat16. Read in place whatever its strides: the transposed view of
        a (B, L, H) tensor is not copied.
    k : Tensor (G, K), (B, G, K) or, with `filter_bank`, (C, G, K)
        Filters; G divides H, and filter g serves channels g·H/G to (g+1)·H/G-1. Any of the four dtypes.
    mode : {"causal", "circular", "same", "full", "valid"}
        Part of the linear convolution that is returned.
    reverse_filter : Tensor, optional
        Taps at negative lags, of k's leading shape and their own length R; modes causal and circular.
    reverse_lag : {"shifted", "overlapped"}
        Lag of tap j of `reverse_filter`: -(j+1) or -j.
    skip : Tensor (H,), optional
        Direct term d; modes causal, circular and same. Any of the four dtypes.
    pre_gate, post_gate : Tensor, optional
        Factors v, like u, and q, like y (with a bank also (..., H, M), shared by the C outputs). u's dtype.
    activation : {"gelu", "silu"}, optional
        "gelu" is the exact one, by erf.
    filter_bank : bool
        k holds C filters that every sample is convolved with; y is (..., C, H, M).

    Returns
    -------
    Tensor (..., H, M) or (..., C, H, M)
        Contiguous, of u's dtype, on u's device. Sums are float64 where u is, else float32.

    Raises
    ------
    LongwingTypeError
        An argument of a wrong type, a dtype or layout that is not supported, tensors on different devices.
    LongwingValueError
        A rank, shape, mode or combination of arguments that is not supported.
    LongwingRuntimeError
        Not enough memory, or no backend for the tensors' device.

    Notes
    -----
    Only the inputs are saved for the backward pass. Each gradient has its tensor's shape and dtype; it is contiguous.
    Second and further derivatives are composed of convolutions and pointwise operations of torch, and those of halves
    are computed in float32.

    The operator works under ``torch.compile`` with static and dynamic shapes, ``torch.export``, ``torch.func`` (grad,
    vmap, jacrev and what is built of them), activation checkpointing and autocast: u and the gates are converted to the
    autocast dtype, filters and skip are not. It never waits for a device. On the CPU it uses at most
    ``torch.get_num_threads()`` threads.

    Examples
    --------
    >>> import torch
    >>> from longwing.torch import long_conv
    >>> u, k = torch.ones(1, 4), torch.tensor([[0.0, 2.0]], requires_grad=True)
    >>> y = long_conv(u, k, mode="circular")
    >>> torch.autograd.grad(y.sum(), k)[0]
    tensor([[4., 4.]])
    """
    arguments = (u, k, reverse_filter, skip, pre_gate, post_gate, mode, reverse_lag, activation, filter_bank)
    for argument, kinds in zip(arguments, _KINDS, strict=True):
        if not isinstance(argument, kinds):
            _refuse(arguments)
    return forward(arguments)


def _refuse(arguments: tuple[Any, ...]) -> None:
    """Raise for the first argument of a wrong type, which the dispatcher would refuse without its name."""
    for argument, name, kinds in zip(arguments, (*TENSORS, *Options._fields), _KINDS, strict=True):
        if isinstance(argument, kinds):
            continue
        described = {torch.Tensor: "a torch.Tensor", str: "a string", bool: "True or False", _NONE: "None"}
        supported = " or ".join(described[kind] for kind in kinds)
        raise LongwingTypeError(f"{name} must be {supported}, got {type(argument).__name__} {reprlib.repr(argument)}")
