"""torch's dtypes and longwing's names for them."""

from __future__ import annotations

import torch

from longwing._core import LongwingTypeError
from longwing._types import DTypeName

NAMES: dict[torch.dtype, DTypeName] = {
    torch.float32: "float32",
    torch.float64: "float64",
    torch.float16: "float16",
    torch.bfloat16: "bfloat16",
}
DTYPES: dict[str, torch.dtype] = {name: dtype for dtype, name in NAMES.items()}


def dtype_name(tensor: torch.Tensor, argument: str) -> DTypeName:
    """Return longwing's name of `tensor`'s dtype; LongwingTypeError where it has none."""
    name = NAMES.get(tensor.dtype)
    if name is None:
        raise LongwingTypeError(
            f"{argument} has dtype {tensor.dtype}, which is not supported: {', '.join(DTYPES)} are"
        )
    return name
