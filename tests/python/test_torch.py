"""Tensors: the plain call, the error for gradients, and the operator that has them."""

from __future__ import annotations

from typing import Any

import longwing
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: .ci/run installs it")


def test_tensors_in_and_out() -> None:
    u, k = torch.randn(2, 3, 100, dtype=torch.bfloat16), torch.randn(3, 100)
    y = longwing.long_conv(u, k)
    assert isinstance(y, torch.Tensor)
    assert y.dtype == torch.bfloat16
    exact = longwing.long_conv(u.double(), k.double())
    assert ((y.double() - exact).norm() / exact.norm()) <= 1.1 * (exact.bfloat16().double() - exact).norm() / exact.norm()


def test_a_tensor_that_requires_grad_is_refused() -> None:
    with pytest.raises(longwing.LongwingError, match=r"longwing\.torch"):
        longwing.long_conv(torch.randn(1, 2, 8, requires_grad=True), torch.randn(2, 8))


@pytest.mark.parametrize("bank", [False, True])
def test_gradcheck(bank: bool) -> None:
    from longwing.torch import long_conv

    def double(*shape: int) -> Any:
        return torch.randn(*shape, dtype=torch.float64, requires_grad=True)

    u, k, skip, pre, post = (
        double(2, 2, 9),
        double(3, 2, 7) if bank else double(2, 7),
        double(2),
        double(2, 2, 9),
        double(2, 2, 9),
    )

    def call(*tensors: Any) -> Any:
        u, k, skip, pre, post = tensors
        return long_conv(u, k, skip=skip, pre_gate=pre, post_gate=post, activation="gelu", filter_bank=bank)

    assert torch.autograd.gradcheck(call, (u, k, skip, pre, post))
