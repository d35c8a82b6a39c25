"""longwing.torch.long_conv in compiled and exported programs and under checkpointing."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

from longwing.torch import long_conv  # noqa: E402 - torch may be absent
from torch._dynamo.testing import CompileCounterWithBackend  # noqa: E402
from torch.func import grad, vmap  # noqa: E402

# Compiling is torch's business, and so are the deprecations and advice that it warns of on the way.
pytestmark = pytest.mark.filterwarnings("ignore")

OPERATOR = torch.ops.longwing.long_conv.default


@pytest.fixture(autouse=True)
def _fresh() -> Any:
    torch._dynamo.reset()
    yield
    torch._dynamo.reset()


def draw(*shape: int) -> Any:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape)))


def function(u: Any, k: Any, skip: Any, gate: Any) -> Any:
    return long_conv(torch.sin(u), k, skip=skip, post_gate=gate, activation="gelu").cos()


def step(call: Any, length: int) -> tuple[Any, ...]:
    """y and its gradients for a batch and filters of a length."""
    tensors = [draw(2, 3, length), draw(3, length), draw(3), draw(2, 3, length)]
    tensors = [t.requires_grad_() for t in tensors]
    y = call(*tensors)
    return y.detach(), *torch.autograd.grad(y.square().sum(), tensors)


@pytest.mark.parametrize("backend", ["eager", "aot_eager"])
@pytest.mark.parametrize(("dynamic", "compilations"), [(None, 2), (True, 1), (False, 3)])
def test_compiled_without_graph_breaks_and_never_again_once_lengths_are_dynamic(
    backend: str, dynamic: bool | None, compilations: int
) -> None:
    counter = CompileCounterWithBackend(backend)
    compiled = torch.compile(function, backend=counter, fullgraph=True, dynamic=dynamic)
    for length in (16, 24, 40):
        for got, expected in zip(step(compiled, length), step(function, length), strict=True):
            torch.testing.assert_close(got, expected)
    assert counter.frame_count == compilations


@pytest.mark.parametrize("mode", ["full", "valid", "same", "circular"])
def test_lengths_of_results_follow_dynamic_lengths_of_inputs(mode: Any) -> None:
    compiled = torch.compile(lambda u, k: long_conv(u, k, mode=mode), backend="aot_eager", fullgraph=True, dynamic=True)
    for length, taps in ((16, 5), (5, 16), (9, 9)):
        u, k = draw(2, 3, length), draw(3, taps)
        assert torch.equal(compiled(u, k), long_conv(u, k, mode=mode))


@pytest.mark.parametrize("layout", ["BHL", "BLH"])
def test_the_compiler_sees_the_strides_that_results_have(layout: str) -> None:
    def layer(v: Any) -> Any:
        u = v.transpose(1, 2) if layout == "BLH" else v
        return long_conv(u, taps).transpose(1, 2) + 1

    taps = draw(3, 7)
    v = draw(2, 3, 16) if layout == "BHL" else draw(2, 16, 3)
    compiled = torch.compile(layer, backend="aot_eager", fullgraph=True)
    assert compiled(v).stride() == layer(v).stride()
    assert torch.equal(compiled(v), layer(v))


@pytest.mark.parametrize(
    "transform",
    [
        lambda f: grad(lambda k, u: f(u, k).sin().sum()),
        lambda f: vmap(grad(lambda k, u: f(u, k).sin().sum()), (None, 0)),
        lambda f: vmap(lambda k, u: f(u, k), (None, 0)),
    ],
    ids=["grad", "vmap of grad", "vmap"],
)
def test_transforms_compile_without_graph_breaks(transform: Any) -> None:
    call = transform(lambda u, k: long_conv(u, k, activation="silu"))
    compiled = torch.compile(call, backend="aot_eager", fullgraph=True)
    k, u = draw(3, 6), draw(4, 3, 16)
    torch.testing.assert_close(compiled(k, u), call(k, u))


def test_autocast_compiles() -> None:
    def cast(u: Any, k: Any) -> Any:
        with torch.autocast("cpu", torch.bfloat16):
            return long_conv(u, k)

    u, k = draw(2, 3, 16), draw(3, 16)
    compiled = torch.compile(cast, backend="aot_eager", fullgraph=True)
    assert compiled(u, k).dtype == torch.bfloat16
    assert torch.equal(compiled(u, k), cast(u, k))


class Layer(torch.nn.Module):
    """A filter of a fixed length, applied to inputs of any."""

    def __init__(self) -> None:
        super().__init__()
        self.k = torch.nn.Parameter(draw(3, 8))

    def forward(self, u: Any) -> Any:
        return long_conv(u, self.k, activation="silu").relu()


@pytest.mark.parametrize("strict", [False, True])
def test_an_exported_program_holds_the_operator_and_takes_other_lengths(strict: bool) -> None:
    layer, dim = Layer(), torch.export.Dim
    shapes = {"u": {0: dim("batch"), 2: dim("length", min=2, max=4096)}}
    program = torch.export.export(layer, (draw(2, 3, 16),), dynamic_shapes=shapes, strict=strict)
    assert OPERATOR in [node.target for node in program.graph.nodes]
    u = draw(5, 3, 33)
    assert torch.equal(program.module()(u), layer(u))


@pytest.mark.parametrize("reentrant", [False, True])
def test_checkpointing_gives_the_same_bits(reentrant: bool) -> None:
    layer, u = Layer(), draw(2, 3, 16).requires_grad_()
    layer(u).sum().backward()
    expected = u.grad, layer.k.grad
    u.grad = layer.k.grad = None
    torch.utils.checkpoint.checkpoint(layer, u, use_reentrant=reentrant).sum().backward()
    assert all(torch.equal(a, b) for a, b in zip((u.grad, layer.k.grad), expected, strict=True))
