"""The layers on a CUDA device: a training step as on the CPU, autocast, graphs."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import longwing
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

import longwing.torch as lt  # noqa: E402 - torch may be absent

ENGINE = next(backend for backend in longwing.info()["backends"] if backend["name"] == "cuda")

pytestmark = [
    pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no CUDA device"),
    pytest.mark.skipif(not ENGINE["usable"], reason=ENGINE["reason"] or "the CUDA engine is usable"),
]

DEVICE = "cuda"


class Convolution(torch.nn.Module):
    """A ButterflyConv with a filter of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = lt.ButterflyConv(60, block_size=8, learn_inverse=True)
        self.k = torch.nn.Parameter(torch.randn(4, 60) / 8)

    def forward(self, u: Any) -> Any:
        return self.conv(u, self.k)


LAYERS: dict[str, tuple[Callable[[], Any], tuple[int, ...]]] = {
    "LongConv": (lambda: lt.LongConv(4, 60, 2, True, init="geometric"), (3, 4, 60)),
    "LongConv BLH": (lambda: lt.LongConv(4, 60, layout="BLH", init="geometric"), (3, 60, 4)),
    "H3LongConv": (lambda: lt.H3LongConv(4, 60, init="geometric"), (3, 4, 60)),
    "LongConvModel": (lambda: lt.LongConvModel(8, 2, 60, d_input=4, d_output=3, init="geometric"), (3, 60, 4)),
    "Conv1d": (lambda: lt.Conv1d(4, 6, 80, groups=2, padding="same"), (3, 4, 600)),
    "ButterflyConv": (Convolution, (3, 4, 60)),
    "ButterflyLinear": (lambda: lt.ButterflyLinear(60, 90), (3, 4, 60)),
}


def pair(name: str) -> tuple[Any, Any, Any]:
    """The layer on the host in float64, on the device in float32, and an input."""
    torch.manual_seed(0)
    make, shape = LAYERS[name]
    layer = make()
    return copy.deepcopy(layer).double(), layer.to(DEVICE), torch.randn(shape)


def step(layer: Any, x: Any) -> list[Any]:
    y = layer(x)
    return [t.double().cpu() for t in (y.detach(), *torch.autograd.grad(y.square().mean(), list(layer.parameters())))]


@pytest.mark.parametrize("name", LAYERS)
def test_a_step_is_that_of_doubles_on_the_host(name: str) -> None:
    exact, layer, x = pair(name)
    allowed = torch.backends.cuda.matmul.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = False
    try:
        got = step(layer, x.to(DEVICE))
    finally:
        torch.backends.cuda.matmul.allow_tf32 = allowed
    for one, expected in zip(got, step(exact, x.double()), strict=True):
        torch.testing.assert_close(one, expected, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("name", ["LongConv", "H3LongConv", "LongConvModel", "ButterflyConv"])
def test_autocast_is_near(name: str) -> None:
    exact, layer, x = pair(name)
    with torch.autocast("cuda", torch.bfloat16):
        y = layer(x.to(DEVICE))
    expected = exact(x.double())
    assert (y.double().cpu() - expected).norm() < 0.05 * expected.norm()


@pytest.mark.parametrize("name", ["LongConv", "H3LongConv", "LongConvModel"])
def test_graphed_layers_give_the_same(name: str) -> None:
    _, layer, x = pair(name)
    x = x.to(DEVICE)
    expected = step(copy.deepcopy(layer), x)
    graphed = torch.cuda.make_graphed_callables(copy.deepcopy(layer), (x.clone(),))
    for got, right in zip(step(graphed, x), expected, strict=True):
        torch.testing.assert_close(got, right)


def test_a_causal_layer_is_causal_there() -> None:
    _, layer, _ = pair("LongConv BLH")
    u = torch.randn(1, 60, 4, device=DEVICE)
    for length in (1, 2, 31, 60):
        x = u[:, :length].clone()
        plain = layer(x)
        x[:, length // 2] += 10
        torch.testing.assert_close(layer(x)[:, : length // 2], plain[:, : length // 2], rtol=0, atol=1e-4)
