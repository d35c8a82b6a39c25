"""The operators' names, arguments and results."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch

from longwing._types import Activation, GradientName, Mode, ReverseLag

# The order of both operators' tensors and of the gradients.
TENSORS: tuple[GradientName, ...] = ("u", "k", "reverse_filter", "skip", "pre_gate", "post_gate")


class Options(NamedTuple):
    """What follows the tensors in both operators' arguments."""

    mode: Mode
    reverse_lag: ReverseLag
    activation: Activation | None
    filter_bank: bool


# No argument has a default: the dispatcher leaves out those that equal theirs, and autograd would count fewer inputs.
_ARGUMENTS = (
    "Tensor u, Tensor k, Tensor? reverse_filter, Tensor? skip, Tensor? pre_gate, Tensor? post_gate, "
    "str mode, str reverse_lag, str? activation, bool filter_bank"
)

# flexible_layout: the kernels read any strides, so a compiler need not copy to reproduce those of eager mode.
_TAGS = (torch.Tag.pt2_compliant_tag, torch.Tag.flexible_layout)

LIBRARY = torch.library.Library("longwing", "DEF")  # definitions live as long as this does
LIBRARY.define(f"long_conv({_ARGUMENTS}) -> Tensor", tags=_TAGS)
LIBRARY.define(
    f"long_conv_backward(Tensor dy, {_ARGUMENTS}, bool[6] wanted) -> (Tensor, Tensor, Tensor, Tensor, Tensor, Tensor)",
    tags=_TAGS,
)

FORWARD: Any = torch.ops.longwing.long_conv.default
BACKWARD: Any = torch.ops.longwing.long_conv_backward.default
