"""Shapes and dtypes of the operators' results, for tensors without memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from longwing._core import LongwingValueError
from longwing.torch.operator.schema import LIBRARY, Options


def check_ranks(u: Tensor, k: Tensor, filter_bank: bool) -> None:
    """Refuse ranks from which the result's shape does not follow; the core checks everything else."""
    if u.ndim < 2:
        raise LongwingValueError(f"u must have rank >= 2, (..., channels, length), got shape {tuple(u.shape)}")
    if filter_bank and k.ndim != 3:
        raise LongwingValueError(
            f"k must have rank 3, (bank, groups, taps), with filter_bank, got shape {tuple(k.shape)}"
        )
    if k.ndim not in (2, 3):
        raise LongwingValueError(f"k must have rank 2, (groups, taps), or rank 3, got shape {tuple(k.shape)}")
    if k.ndim == 3 and not filter_bank and u.ndim != 3:
        raise LongwingValueError(
            f"u must have rank 3, (batch, channels, length), with one filter per sample, got shape {tuple(u.shape)}"
        )


def _output_length(length: Any, taps: Any, mode: str) -> Any:
    if mode in ("causal", "circular", "same"):
        return length
    if mode == "full":
        return length + taps - 1
    if mode == "valid":
        from torch.fx.experimental.symbolic_shapes import statically_known_true  # brings sympy, which takes its time

        if statically_known_true(length >= taps):  # a simpler shape, which a compiler can compare with others
            return length - taps + 1
        return torch.sym_max(length, taps) - torch.sym_min(length, taps) + 1
    raise LongwingValueError(f'mode must be one of "causal", "circular", "same", "full", "valid", got {mode!r}')


def _forward(u: Tensor, k: Tensor, r: Tensor | None, d: Tensor | None, v: Tensor | None, q: Tensor | None,
             *rest: Any) -> Tensor:  # fmt: skip
    options = Options(*rest)
    check_ranks(u, k, options.filter_bank)
    bank = (k.shape[0],) if options.filter_bank else ()
    length = _output_length(u.shape[-1], k.shape[-1], options.mode)
    return u.new_empty((*u.shape[:-2], *bank, u.shape[-2], length))


def _backward(dy: Tensor, *arguments: Any) -> tuple[Tensor, ...]:
    tensors: Sequence[Tensor | None] = arguments[:6]
    wanted: Sequence[bool] = arguments[-1]
    return tuple(
        dy.new_empty(0) if tensor is None or not is_wanted else tensor.new_empty(tensor.shape)
        for tensor, is_wanted in zip(tensors, wanted, strict=True)
    )


torch.library.register_fake("longwing::long_conv", _forward, lib=LIBRARY)
torch.library.register_fake("longwing::long_conv_backward", _backward, lib=LIBRARY)
