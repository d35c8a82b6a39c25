"""H3LongConv against its formula, unfused, by direct sums in float64."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

import longwing.torch as lt  # noqa: E402 - torch may be absent

H, L_MAX = 4, 9


def block(**options: Any) -> Any:
    torch.manual_seed(0)
    with torch.no_grad():
        made = lt.H3LongConv(H, L_MAX, init="geometric", lam=0.001, **options).double()
        made.shift.weight.mul_(20)
        made.filter.weight.mul_(20)
    return made


def signal(*shape: int) -> Any:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(sum(shape)))


def causal(k: Any, x: Any) -> Any:
    """Sum over j of k[h, j] x[b, h, t - j]."""
    total = torch.zeros_like(x)
    for j in range(min(k.shape[-1], x.shape[-1])):
        total[..., j:] += k[:, j, None] * x[..., : x.shape[-1] - j]
    return total


def unfused(made: Any, u: Any) -> Any:
    q, k, v = (torch.einsum("oc,bcl->bol", w, u) + b[:, None] for w, b in zip(
        made.project.weight.chunk(3), made.project.bias.chunk(3), strict=True
    ))  # fmt: skip
    filters = [torch.sign(w) * (w.abs() - 0.001).clamp(min=0) for w in (made.shift.weight[0], made.filter.weight[0])]
    x = v * (causal(filters[0], k) + made.shift_skip[:, None] * k)
    y = causal(filters[1], x) + made.skip[:, None] * x
    return torch.einsum("oc,bcl->bol", made.output.weight, q * y) + made.output.bias[:, None]


@pytest.mark.parametrize("layout", ["BHL", "BLH"])
@pytest.mark.parametrize("length", [1, 5, L_MAX, 23])
def test_the_block_is_its_formula(length: int, layout: Any) -> None:
    made = block(layout=layout)
    u = signal(2, H, length)
    actual = made(u) if layout == "BHL" else made(u.mT).mT
    torch.testing.assert_close(actual, unfused(made, u))
    single = made.float()(u.float() if layout == "BHL" else u.mT.float())
    torch.testing.assert_close(single if layout == "BHL" else single.mT, actual.float(), rtol=1e-4, atol=1e-5)


def test_gradients_are_those_of_the_unfused_block() -> None:
    made = block()
    u = signal(2, H, 7)
    fused = torch.autograd.grad(made(u).square().sum(), list(made.parameters()))
    plain = torch.autograd.grad(unfused(made, u).square().sum(), list(made.parameters()))
    torch.testing.assert_close(fused, plain)


@pytest.mark.parametrize("length", [1, 6, L_MAX, 15])
def test_outputs_do_not_depend_on_later_inputs(length: int) -> None:
    made = block()
    u = signal(1, H, length)
    plain = made(u)
    for t in range(length):
        changed = u.clone()
        changed[..., t] += 10.0
        torch.testing.assert_close(made(changed)[..., :t], plain[..., :t], rtol=0, atol=1e-11)
        assert (made(changed) - plain)[..., t].abs().max() > 1e-4


def test_autocast_runs_the_block_in_the_half_type() -> None:
    made = block().float()
    u = signal(2, H, 12).float()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y = made(u)
    assert y.dtype == torch.bfloat16
    torch.testing.assert_close(y.float(), made(u), rtol=0.1, atol=0.1)
