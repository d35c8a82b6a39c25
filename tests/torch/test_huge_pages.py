"""Large results lie in huge pages, where Linux has them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

from longwing.torch import huge_pages, long_conv  # noqa: E402 - torch may be absent

SMAPS = Path("/proc/self/smaps")


def flags(tensor: Any) -> list[str]:
    """Return the flags of the mapping that holds the middle of the tensor's memory."""
    middle = tensor.data_ptr() + tensor.nbytes // 2
    for block in re.split(r"(?m)^(?=[0-9a-f]+-[0-9a-f]+ )", SMAPS.read_text()):
        found = re.match(r"([0-9a-f]+)-([0-9a-f]+) ", block)
        if found and int(found[1], 16) <= middle < int(found[2], 16):
            return re.findall(r"VmFlags: (.*)", block)[0].split()
    raise AssertionError("the tensor's memory is in no mapping")


@pytest.mark.skipif(
    not Path("/sys/kernel/mm/transparent_hugepage").exists() or not SMAPS.exists(), reason="no huge pages on this system"
)
def test_large_results_and_gradients_are_in_huge_pages() -> None:
    rows = huge_pages.LARGE // 4 // 1024
    u = torch.randn(rows, 1, 1024).requires_grad_()
    y = long_conv(u, torch.ones(1, 3))
    (gradient,) = torch.autograd.grad(y, u, torch.ones_like(y))
    assert "hg" in flags(y)
    assert "hg" in flags(gradient)
    assert "hg" not in flags(long_conv(u[: rows // 2], torch.ones(1, 3)))
