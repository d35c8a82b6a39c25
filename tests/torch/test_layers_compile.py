"""The layers in compiled and exported programs of any length, and under checkpointing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

import longwing.torch as lt  # noqa: E402 - torch may be absent
from torch._dynamo.testing import CompileCounterWithBackend  # noqa: E402

# Compiling is torch's business, and so are the deprecations and advice that it warns of on the way.
pytestmark = pytest.mark.filterwarnings("ignore")

L_MAX = 16
Case = tuple[Callable[[], Any], Callable[[int], Any], int]


def rows(*shape: int) -> Any:
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))


def tokens(length: int) -> Any:
    return torch.randint(0, 9, (2, length), generator=torch.Generator().manual_seed(length))


# What makes the layer, what makes its input of a length, and the axis of that length.
LAYERS: dict[str, Case] = {
    "LongConv": (lambda: lt.LongConv(4, L_MAX, 2, True, init="geometric"), lambda n: rows(2, 4, n), 2),
    "LongConv BLH": (lambda: lt.LongConv(4, L_MAX, layout="BLH", init="geometric"), lambda n: rows(2, n, 4), 1),
    "H3LongConv": (lambda: lt.H3LongConv(4, L_MAX, init="geometric"), lambda n: rows(2, 4, n), 2),
    "LongConvModel": (
        lambda: lt.LongConvModel(8, 2, L_MAX, vocabulary=9, d_output=9, task="language_model", init="geometric"),
        tokens,
        1,
    ),
    "Conv1d": (lambda: lt.Conv1d(4, 4, 80, padding="same"), lambda n: rows(2, 4, 30 * n), 2),
}


@pytest.fixture(autouse=True)
def _fresh() -> Any:
    torch._dynamo.reset()
    torch.manual_seed(0)
    yield
    torch._dynamo.reset()


def step(call: Any, layer: Any, x: Any) -> tuple[Any, ...]:
    y = call(x)
    return y.detach(), *torch.autograd.grad(y.square().mean(), list(layer.parameters()))


@pytest.mark.parametrize("name", LAYERS)
def test_no_graph_breaks_and_no_compilation_past_the_second(name: str) -> None:
    make, of_length, _ = LAYERS[name]
    layer, counter = make(), CompileCounterWithBackend("aot_eager")
    compiled = torch.compile(layer, backend=counter, fullgraph=True)
    for length in (12, L_MAX + 4, 33):  # shorter and longer than the filters
        x = of_length(length)
        torch.testing.assert_close(step(compiled, layer, x), step(layer, layer, x))
    assert counter.frame_count == 2


@pytest.mark.parametrize("name", LAYERS)
def test_exported_programs_take_other_lengths(name: str) -> None:
    make, of_length, axis = LAYERS[name]
    layer = make().eval()
    shapes = ({axis: torch.export.Dim("length", min=2, max=4096)},)
    program = torch.export.export(layer, (of_length(12),), dynamic_shapes=shapes).module()
    for length in (7, L_MAX + 4):
        torch.testing.assert_close(program(of_length(length)), layer(of_length(length)))


@pytest.mark.parametrize("name", LAYERS)
def test_checkpointing_changes_no_gradient(name: str) -> None:
    make, of_length, _ = LAYERS[name]
    layer, x = make(), of_length(12)

    def checkpointed(x: Any) -> Any:
        return torch.utils.checkpoint.checkpoint(layer, x, use_reentrant=False)

    for got, expected in zip(step(checkpointed, layer, x), step(layer, layer, x), strict=True):
        assert torch.equal(got, expected)
