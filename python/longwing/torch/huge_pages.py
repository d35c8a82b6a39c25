"""Huge pages for large results: with small ones a kernel that writes 256 MiB waits for 65,536 page faults."""

from __future__ import annotations

import ctypes
import mmap
import sys
from typing import Any

LARGE = 64 << 20
"""Bytes from which on a result is a mapping of its own in every C library, which ends with it: glibc's largest threshold is
half of this. A hint for memory that is shared with other objects would outlive the result."""

_ADVICE = getattr(mmap, "MADV_HUGEPAGE", None) if sys.platform == "linux" else None
_madvise = getattr(ctypes.CDLL(None), "madvise", None) if _ADVICE is not None else None
if _madvise is not None:
    _madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)


def advise(tensor: Any) -> None:
    """Ask Linux for huge pages under a large tensor of the CPU, before it is written. Refused, nothing is lost."""
    if _madvise is None or not tensor.is_cpu:
        return
    page = mmap.PAGESIZE
    first = -(-tensor.data_ptr() // page) * page
    size = (tensor.data_ptr() + tensor.nbytes - first) // page * page
    _madvise(first, size, _ADVICE)
