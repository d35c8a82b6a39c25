"""Autocast: u and the gates take the autocast dtype; filters and skip keep theirs, as sums are float32 anyway."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from longwing.torch.operator.schema import FORWARD, LIBRARY, TENSORS

_CAST = tuple(TENSORS.index(name) for name in ("u", "pre_gate", "post_gate"))


def cast(arguments: tuple[Any, ...], device: str) -> tuple[Any, ...]:
    """Return the operator's arguments as autocast on `device` wants them; float64 is left alone, as torch leaves it."""
    dtype = torch.get_autocast_dtype(device)
    changed = list(arguments)
    for i in _CAST:
        tensor = arguments[i]
        if tensor is not None and tensor.is_floating_point() and tensor.dtype is not torch.float64:
            changed[i] = tensor.to(dtype)
    return tuple(changed)


def _kernel(device: str, key: str) -> Callable[..., Any]:
    keys = torch._C.DispatchKeySet(getattr(torch._C.DispatchKey, key))

    def autocast(*arguments: Any) -> Any:
        with torch._C._ExcludeDispatchKeyGuard(keys):
            return FORWARD(*cast(arguments, device))

    return autocast


for _device, _key in (("cpu", "AutocastCPU"), ("cuda", "AutocastCUDA")):
    LIBRARY.impl("long_conv", _kernel(_device, _key), _key)
