"""Optimizer groups: parameters with a learning rate or weight decay of their own."""

from __future__ import annotations

from typing import Any

from torch import nn

from longwing._core import LongwingTypeError
from longwing.torch.checks import check_number


def parameter_groups(model: nn.Module, lr: float, weight_decay: float) -> list[dict[str, Any]]:
    """Return `model`'s parameters as groups for a torch optimizer: ``AdamW(parameter_groups(model, 0.01, 0.05))``.

    The first group holds every parameter without options of its own, with `lr` and `weight_decay`. A parameter has options
    where its module's dict `optimizer_options` names it, or in its own attribute `_optim`, which goes before: a dict such
    as ``{"lr": 1e-3, "weight_decay": 0.0}``. What it leaves out is `lr` and `weight_decay`. Parameters with equal options
    share a group; each parameter is in one group, also where several modules share it, and frozen ones are too.

    A `lr` or `weight_decay` below 0 is a LongwingValueError, a `model` that is no module a LongwingTypeError.
    """
    if not isinstance(model, nn.Module):
        raise LongwingTypeError(f"model must be a torch.nn.Module, got {type(model).__name__}")
    defaults = {"lr": check_number("lr", lr), "weight_decay": check_number("weight_decay", weight_decay)}
    groups: list[dict[str, Any]] = [{"params": [], **defaults}]
    own = _own_options(model)
    for parameter in model.parameters():
        options = {**defaults, **own.get(id(parameter), {})}
        for group in groups:
            if {name: value for name, value in group.items() if name != "params"} == options:
                group["params"].append(parameter)
                break
        else:
            groups.append({"params": [parameter], **options})
    return groups if groups[0]["params"] else groups[1:]


def _own_options(model: nn.Module) -> dict[int, dict[str, Any]]:
    """Options by the identity of the parameter."""
    own: dict[int, dict[str, Any]] = {}
    for module in model.modules():
        named = getattr(module, "optimizer_options", {})
        for name, parameter in module.named_parameters(recurse=False):
            options = getattr(parameter, "_optim", None) or named.get(name)
            if options is not None:
                own[id(parameter)] = options
    return own
