"""The kernels: the operators on tensors with memory. The core tells devices apart and refuses those without a backend."""

from __future__ import annotations

from collections.abc import Callable
from itertools import compress
from typing import Any, TypeVar

import torch
from torch import Tensor

from longwing import _core
from longwing._types import Activation, Mode, ReverseLag
from longwing.torch.dtypes import dtype_name
from longwing.torch.operator.schema import LIBRARY, TENSORS

_Result = TypeVar("_Result")


def _in_torchs_threads(call: Callable[..., _Result]) -> Callable[..., _Result]:
    """Let a kernel use as many threads as torch may in the calling thread, and leave the calls of other threads alone."""

    def limited(*arguments: Any) -> _Result:
        previous = _core.limit_threads(torch.get_num_threads())
        try:
            return call(*arguments)
        finally:
            _core.limit_threads(previous)

    return limited


def _forward(
    u: Tensor,
    k: Tensor,
    reverse_filter: Tensor | None,
    skip: Tensor | None,
    pre_gate: Tensor | None,
    post_gate: Tensor | None,
    mode: Mode,
    reverse_lag: ReverseLag,
    activation: Activation | None,
    filter_bank: bool,
) -> Tensor:
    return _core.long_conv(
        u, k, mode, reverse_filter, reverse_lag, skip, pre_gate, post_gate, activation, filter_bank, None
    )


def _backward(
    dy: Tensor,
    u: Tensor,
    k: Tensor,
    reverse_filter: Tensor | None,
    skip: Tensor | None,
    pre_gate: Tensor | None,
    post_gate: Tensor | None,
    mode: Mode,
    reverse_lag: ReverseLag,
    activation: Activation | None,
    filter_bank: bool,
    wanted: list[bool],
) -> tuple[Tensor, ...]:
    *_, channels, length = u.shape
    *_, groups, filter_length = k.shape
    reverse_length = 0 if reverse_filter is None else reverse_filter.shape[-1]
    dtype, device = dtype_name(u, "u"), str(u.device)
    plan = _core.Plan(length, filter_length, channels, groups, reverse_length, mode, reverse_lag, dtype, device)
    names = tuple(compress(TENSORS, wanted))
    gradients = plan.gradients(dy, u, k, reverse_filter, filter_bank, skip, pre_gate, post_gate, activation, names)
    return tuple([u.new_empty(0) if g is None else g for g in gradients])


# Every device's key: a device that longwing does not know is refused by longwing's error.
LIBRARY.impl("long_conv", _in_torchs_threads(_forward), "CompositeExplicitAutograd")
LIBRARY.impl("long_conv_backward", _in_torchs_threads(_backward), "CompositeExplicitAutograd")
