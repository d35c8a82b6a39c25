"""ButterflyConv: the convolution at its start, and no longer a causal one when trained."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from longwing import LongwingError, LongwingTypeError, LongwingValueError

torch = pytest.importorskip("torch", reason="torch is not installed")

from longwing.torch import long_conv  # noqa: E402
from longwing.torch.butterfly import ButterflyConv, ButterflyTransform  # noqa: E402


def normal(*shape: int, seed: int = 0) -> Any:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def trained(module: Any) -> Any:
    """Move every parameter by a step of gradient descent on another convolution's output."""
    optimizer = torch.optim.SGD(module.parameters(), lr=1e-3)
    u, k = normal(2, 3, module.length, seed=5), normal(3, module.length, seed=6)
    module(u, k).sub(normal(2, 3, module.length, seed=7)).square().mean().backward()
    optimizer.step()
    optimizer.zero_grad()
    return module


@pytest.mark.parametrize("length", [1, 2, 3, 17, 64, 100, 1000])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("learn_inverse", [False, True])
def test_starts_as_long_conv(length: int, channels: int, learn_inverse: bool) -> None:
    conv = ButterflyConv(length, channels=channels, learn_inverse=learn_inverse, dtype=torch.float64)
    for groups, taps, samples in [(3, length, length), (1, length, length), (3, 1, length), (3, length, -(-length // 3))]:
        u, k = normal(2, 3, samples), normal(groups, taps, seed=1)
        torch.testing.assert_close(conv(u, k), long_conv(u, k), rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    "blocks", [{"order": 1}, {"order": 2}, {"order": 5}, {"order": 8}, {"block_size": 8}, {"blocks": (2, 16, 8)}]
)
def test_starts_as_long_conv_with_every_kind_of_block(blocks: dict[str, Any]) -> None:
    u, k = normal(2, 3, 128), normal(3, 128, seed=1)
    conv = ButterflyConv(128, dtype=torch.float64, learn_inverse=True, **blocks)
    torch.testing.assert_close(conv(u, k), long_conv(u, k), rtol=0, atol=1e-12)


@pytest.mark.parametrize("leading", [(), (5,), (2, 3), (0,)])
@pytest.mark.parametrize("channels", [1, 4])
def test_leading_dimensions_are_kept(leading: tuple[int, ...], channels: int) -> None:
    u, k = normal(*leading, 4, 10), normal(4, 10)
    y = ButterflyConv(10, channels=channels, dtype=torch.float64)(u, k)
    assert y.shape == u.shape
    torch.testing.assert_close(y.reshape(-1, 4, 10), long_conv(u.reshape(-1, 4, 10), k), rtol=0, atol=1e-12)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_trained_layer_is_its_formula(channels: int) -> None:
    conv = trained(ButterflyConv(20, channels=channels, learn_inverse=True, block_size=4, dtype=torch.float64))
    u, k = normal(2, 3, 20), normal(3, 20, seed=1)
    u_re, u_im = conv.transform_u(u)
    k_re, k_im = conv.transform_k(k)
    re, im = u_re * k_re - u_im * k_im, u_re * k_im + u_im * k_re
    torch.testing.assert_close(conv(u, k), conv.inverse(re, -im)[0][..., :20] / conv.n)


@pytest.mark.parametrize("learn_inverse", [False, True])
def test_it_is_causal_before_training_and_not_after(learn_inverse: bool) -> None:
    conv = ButterflyConv(32, learn_inverse=learn_inverse, dtype=torch.float64)
    u, k = normal(2, 3, 32), normal(3, 32, seed=1)
    later = u.clone()
    later[..., 20] += 1

    def change_before() -> float:
        return float((conv(later, k) - conv(u, k))[..., :20].abs().max().detach())

    assert change_before() < 1e-12
    trained(conv)
    assert change_before() > 1e-6


def test_causal_is_refused_with_the_reason() -> None:
    with pytest.raises(LongwingValueError, match=r"causal=True .* keeps the future out: use longwing.torch.long_conv"):
        ButterflyConv(8, causal=True)


def test_fixed_transforms_are_causal_and_have_no_parameters() -> None:
    conv = ButterflyConv(16, learned=False, causal=True, dtype=torch.float64)
    u, k = normal(2, 3, 16), normal(3, 16, seed=1)
    assert not list(conv.parameters())
    torch.testing.assert_close(conv(u, k), long_conv(u, k), rtol=0, atol=1e-12)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("learn_inverse", [False, True])
def test_gradcheck(channels: int, learn_inverse: bool) -> None:
    conv = ButterflyConv(4, channels=channels, learn_inverse=learn_inverse, blocks=(2, 4), dtype=torch.float64)
    names, values = zip(*conv.named_parameters(), strict=True)

    def call(u: Any, k: Any, *parameters: Any) -> Any:
        return torch.func.functional_call(conv, dict(zip(names, parameters, strict=True)), (u, k))

    inputs = normal(1, 2, 4).requires_grad_(), normal(2, 3, seed=1).requires_grad_(), *values
    assert torch.autograd.gradcheck(call, inputs)
    assert torch.autograd.gradgradcheck(call, inputs, fast_mode=True)


@pytest.mark.parametrize(("learn_inverse", "transforms", "rate"), [(False, 2, 1e-3), (True, 3, 1e-4)])
def test_parameters_and_their_learning_rate(learn_inverse: bool, transforms: int, rate: float) -> None:
    conv = copy.deepcopy(ButterflyConv(512, blocks=(2, 4, 8, 16), channels=6, learn_inverse=learn_inverse))
    assert sum(parameter.numel() for parameter in conv.parameters()) == 680 * 6 * transforms
    assert all(parameter._optim == {"lr": rate, "weight_decay": 0.0} for parameter in conv.parameters())


def test_options_reach_the_learned_transforms() -> None:
    conv = ButterflyConv(8, additive=True, dropout=0.25, lr=1e-2)
    assert all("delta" in name for name, _ in conv.named_parameters())
    for transform in (conv.transform_u, conv.transform_k):
        assert isinstance(transform, ButterflyTransform)
        assert {(m.dropout, m.lr, m.additive) for m in transform.matrices.values()} == {(0.25, 1e-2, True)}
    assert not list(conv.inverse.parameters())


def test_state_dict_round_trips() -> None:
    conv, other = (ButterflyConv(16, learn_inverse=True, dtype=torch.float64) for _ in range(2))
    trained(conv)
    other.load_state_dict(conv.state_dict())
    u, k = normal(2, 3, 16), normal(3, 16, seed=1)
    assert torch.equal(other(u, k), conv(u, k))
    conv.reset_parameters()
    torch.testing.assert_close(conv(u, k), long_conv(u, k), rtol=0, atol=1e-12)


@pytest.mark.parametrize("channels", [1, 3])
def test_compiles_without_graph_breaks(channels: int) -> None:
    conv = ButterflyConv(16, channels=channels, block_size=4, learn_inverse=True, dtype=torch.float64)
    u, k = normal(2, 3, 16).requires_grad_(), normal(3, 16, seed=1).requires_grad_()
    compiled = torch.compile(conv, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(u, k), conv(u, k))
    parameters = [u, k, *conv.parameters()]
    torch.testing.assert_close(
        torch.autograd.grad(compiled(u, k).square().sum(), parameters),
        torch.autograd.grad(conv(u, k).square().sum(), parameters),
    )


def test_activation_checkpointing_changes_no_gradient() -> None:
    conv = ButterflyConv(16, dropout=0.5, dtype=torch.float64)
    u, k = normal(2, 3, 16), normal(3, 16, seed=1)
    gradients = []
    for call in (conv, lambda u, k: torch.utils.checkpoint.checkpoint(conv, u, k, use_reentrant=False)):
        torch.manual_seed(0)
        gradients.append(torch.autograd.grad(call(u, k).square().sum(), list(conv.parameters())))
    assert all(torch.equal(a, b) for a, b in zip(*gradients, strict=True))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"length": 0}, LongwingValueError, "length must be at least 1, got 0"),
        ({"length": "8"}, LongwingTypeError, "length must be an int, got str '8'"),
        (
            {"length": 8, "learned": False, "learn_inverse": True},
            LongwingValueError,
            "learn_inverse=True needs learned=True",
        ),
        ({"length": 8, "learned": False, "additive": True}, LongwingValueError, "additive=True needs learned=True"),
        ({"length": 8, "learned": "no"}, LongwingTypeError, "learned must be True or False, got str 'no'"),
        ({"length": 8, "block_size": 32}, LongwingValueError, "block_size must be at most n=16"),
        ({"length": 8, "lr": -1.0}, LongwingValueError, "lr must be positive"),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], error: type[LongwingError], message: str) -> None:
    with pytest.raises(error, match=message):
        ButterflyConv(**arguments)


@pytest.mark.parametrize(
    ("u", "k", "error", "message"),
    [
        ((3, 9), (3, 8), LongwingValueError, "u's last dimension must be from 1 to length=8"),
        ((3, 8), (3, 9), LongwingValueError, "k's last dimension must be from 1 to length=8"),
        ((8,), (1, 8), LongwingValueError, "u must be"),
        ((2, 8), (2, 8), LongwingValueError, r"u must be \(…, 3, m\)"),
        ((3, 8), (2, 8), LongwingValueError, r"k must be \(1, K\) or \(3, K\), got shape \(2, 8\)"),
        ((3, 8), (8,), LongwingValueError, "k must be"),
    ],
)
def test_bad_shapes(u: tuple[int, ...], k: tuple[int, ...], error: type[LongwingError], message: str) -> None:
    with pytest.raises(error, match=message):
        ButterflyConv(8, channels=3)(torch.zeros(u), torch.zeros(k))


def test_another_dtype_is_refused_outside_autocast() -> None:
    conv = ButterflyConv(64)
    u, k = torch.randn(2, 3, 64), torch.randn(3, 64)
    with pytest.raises(LongwingTypeError, match="u must have the module's dtype"):
        conv(u.bfloat16(), k)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y = conv(u.bfloat16(), k)
    assert ((y.float() - long_conv(u, k)).norm() / long_conv(u, k).norm()) < 0.02
