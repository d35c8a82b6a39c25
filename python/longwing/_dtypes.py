"""A dtype's name, whichever library the dtype is of."""

from __future__ import annotations

from typing import Any, Protocol, get_args

from longwing._core import LongwingTypeError
from longwing._types import DTypeName

NAMES: tuple[DTypeName, ...] = get_args(DTypeName)


class HasItemsize(Protocol):
    """A dtype object of NumPy, torch or another library."""

    @property
    def itemsize(self) -> Any:
        """Bytes of an element."""


DTypeLike = DTypeName | HasItemsize | type[Any]
"""A name, or a library's own object for it: np.float32, np.dtype("float32"), torch.float32."""


def dtype_name(dtype: object) -> DTypeName:
    """Return which of the four `dtype` is: a string, or an object with one of their names; no library is imported.

    Anything else is a LongwingTypeError, a dtype of another byte order than the machine's too.
    """
    name = dtype if isinstance(dtype, str) else _name_of(dtype)
    if name not in NAMES or not getattr(dtype, "isnative", True):
        raise LongwingTypeError(f"dtype must be one of {', '.join(NAMES)}, by name or as a library's dtype, got {dtype!r}")
    return name


def _name_of(dtype: object) -> object:
    for attribute in ("name", "__name__"):  # of numpy.dtype; of the scalar types of NumPy, ml_dtypes and JAX
        name = getattr(dtype, attribute, None)
        if isinstance(name, str):
            return name
    return str(dtype).rpartition(".")[2]  # "torch.float32"
