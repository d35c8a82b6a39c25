"""longwing.torch.long_conv on CUDA tensors: as on the CPU, on torch's stream, in CUDA graphs."""

from __future__ import annotations

from typing import Any

import longwing
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

from longwing import testing  # noqa: E402 - after torch, which may be absent
from longwing.torch import long_conv  # noqa: E402

ENGINE = next(backend for backend in longwing.info()["backends"] if backend["name"] == "cuda")

pytestmark = [
    pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no CUDA device"),
    pytest.mark.skipif(not ENGINE["usable"], reason=ENGINE["reason"] or "the CUDA engine is usable"),
]

DEVICE = "cuda"
OPERATOR = torch.ops.longwing.long_conv.default
GRADIENTS = torch.ops.longwing.long_conv_backward.default
MODES = ("causal", "circular", "same", "full", "valid")


def draw(*shape: int, dtype: Any = torch.float32) -> Any:
    """The same values on every device, in host memory."""
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(sum(shape))).to(dtype)


def every_tensor(mode: str, dtype: Any, length: int = 96, taps: int = 70) -> dict[str, Any]:
    """All tensors that the mode allows, for 2 samples and 4 channels in 2 groups."""
    m = {"full": length + taps - 1, "valid": length - taps + 1}.get(mode, length)
    wide = torch.float64 if dtype is torch.float64 else torch.float32
    tensors = {"u": draw(2, 4, length, dtype=dtype), "k": draw(2, taps, dtype=wide) / taps**0.5}
    tensors |= {"pre_gate": draw(2, 4, length, dtype=dtype), "post_gate": draw(2, 4, m, dtype=dtype)}
    if mode in ("causal", "circular"):
        tensors["reverse_filter"] = draw(2, 33, dtype=wide) / taps**0.5
    if mode in ("causal", "circular", "same"):
        tensors["skip"] = draw(4, dtype=wide)
    return tensors


def gradients(tensors: dict[str, Any], device: str, dtype: Any = None, **options: Any) -> list[Any]:
    """y and the gradient of every tensor, in float64 on the host."""
    leaves = {name: t.detach().to(device, dtype or t.dtype).requires_grad_() for name, t in tensors.items()}
    y = long_conv(**leaves, **options)
    dy = draw(*y.shape).to(y)
    return [t.detach().double().cpu() for t in (y, *torch.autograd.grad(y, list(leaves.values()), dy))]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16], ids=str)
@pytest.mark.parametrize("mode", MODES)
def test_results_and_gradients_are_those_of_doubles_on_the_host(mode: Any, dtype: Any) -> None:
    tensors, options = every_tensor(mode, dtype), {"mode": mode, "activation": "gelu"}
    limit = testing.tolerance(str(dtype).removeprefix("torch."), 256)
    expected = gradients(tensors, "cpu", torch.float64, **options)
    for got, right in zip(gradients(tensors, DEVICE, **options), expected, strict=True):
        assert testing.relative_l2(got, right) <= limit


@pytest.mark.parametrize("length", [1, 2, 63, 1000, 4096, 40000])
def test_long_rows_are_right(length: int) -> None:
    u, k = draw(2, 3, length), draw(3, length)
    expected = long_conv(u.double(), k.double())
    got = long_conv(u.to(DEVICE), k.to(DEVICE)).double().cpu()
    assert testing.relative_l2(got, expected) <= testing.tolerance("float32", 2 * length)


def test_derivatives_of_both_orders() -> None:
    tensors = {n: t.double().to(DEVICE).requires_grad_() for n, t in every_tensor("causal", torch.float64, 5, 4).items()}

    def call(*values: Any) -> Any:
        return long_conv(**dict(zip(tensors, values, strict=True)), activation="silu")

    assert torch.autograd.gradcheck(call, tuple(tensors.values()))
    assert torch.autograd.gradgradcheck(call, tuple(tensors.values()))


@pytest.mark.parametrize("mode", ["causal", "full"])
def test_opcheck_finds_nothing(mode: str) -> None:
    tensors = {n: t.to(DEVICE).requires_grad_() for n, t in every_tensor(mode, torch.float32, 9, 4).items()}
    names = ("u", "k", "reverse_filter", "skip", "pre_gate", "post_gate")
    arguments = (*(tensors.get(name) for name in names), mode, "shifted", "gelu", False)
    assert set(torch.library.opcheck(OPERATOR, arguments).values()) == {"SUCCESS"}
    dy = torch.ones_like(OPERATOR(*arguments)).requires_grad_()
    assert set(torch.library.opcheck(GRADIENTS, (dy, *arguments, [True] * 6)).values()) == {"SUCCESS"}


@pytest.mark.parametrize("under", [torch.bfloat16, torch.float16])
def test_autocast_converts_rows_and_leaves_filters(under: Any) -> None:
    u, k = draw(2, 3, 40).to(DEVICE), draw(3, 40).to(DEVICE).requires_grad_()
    with torch.autocast("cuda", under):
        y = long_conv(u, k)
    assert y.dtype == under
    assert torch.equal(y, long_conv(u.to(under), k))
    y.float().sum().backward()
    assert k.grad.dtype == torch.float32


def test_transposed_rows_are_read_where_they_lie() -> None:
    v, k = draw(2, 300, 3).to(DEVICE), draw(3, 300).to(DEVICE)
    long_conv(v.mT, k)
    before = torch.cuda.memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    y = long_conv(v.mT, k)
    assert torch.cuda.max_memory_allocated() - before < 2 * y.untyped_storage().nbytes()
    assert torch.equal(y, long_conv(v.mT.contiguous(), k))


def test_a_call_waits_for_its_own_stream_and_for_no_other() -> None:
    u, k = draw(8, 64, 4096).to(DEVICE), draw(64, 4096).to(DEVICE)
    expected = long_conv(u, k)
    stream, busy = torch.cuda.Stream(), torch.cuda.Event()
    torch.cuda.synchronize()
    with torch.cuda.stream(stream):
        torch.cuda._sleep(200_000_000)  # the values come after about a tenth of a second
        late = torch.zeros_like(u).copy_(u)
        y = long_conv(late, k)
        busy.record()
    assert not busy.query()  # the host did not wait
    stream.synchronize()
    assert torch.equal(y, expected)


def test_a_call_makes_nothing_wait() -> None:
    u, k = draw(2, 3, 500).to(DEVICE).requires_grad_(), draw(3, 500).to(DEVICE).requires_grad_()
    torch.autograd.grad(long_conv(u, k, activation="gelu").sum(), (u, k))
    torch.cuda.set_sync_debug_mode("error")
    try:
        torch.autograd.grad(long_conv(u, k, activation="gelu").sum(), (u, k))
    finally:
        torch.cuda.set_sync_debug_mode("default")


@pytest.mark.parametrize("length", [100, 4096, 40000])
def test_a_graph_of_forward_and_backward_is_replayed_on_other_values(length: int) -> None:
    u, k, gate = (draw(*shape).to(DEVICE).requires_grad_() for shape in ((2, 4, length), (4, length), (2, 4, length)))

    def step() -> tuple[Any, ...]:
        y = long_conv(u, k, post_gate=gate, activation="gelu")
        return y, *torch.autograd.grad(y.square().sum(), (u, k, gate))

    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(2):
            step()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        captured = step()
    for factor in (2.0, -0.5):
        with torch.no_grad():
            u.mul_(factor)
        graph.replay()
        for got, expected in zip(captured, step(), strict=True):
            assert torch.equal(got, expected)


def test_compiled_with_graphs() -> None:
    torch._dynamo.reset()
    u, k = draw(2, 3, 64).to(DEVICE), draw(3, 64).to(DEVICE)
    compiled = torch.compile(lambda u, k: long_conv(torch.sin(u), k).cos(), mode="reduce-overhead", fullgraph=True)
    for factor in (1, 2, 3):
        torch.testing.assert_close(compiled(factor * u, k), long_conv(torch.sin(factor * u), k).cos())
    torch._dynamo.reset()


def test_the_current_device_stays() -> None:
    if torch.cuda.device_count() < 2:
        pytest.skip("there is one CUDA device")
    u, k = draw(2, 3, 40).to("cuda:1"), draw(3, 40).to("cuda:1")
    with torch.cuda.device(0):
        y = long_conv(u, k)
        assert torch.cuda.current_device() == 0
    assert y.device == u.device
    assert testing.relative_l2(y.cpu(), long_conv(u.cpu(), k.cpu())) <= testing.tolerance("float32", 80)


def test_tensors_on_two_devices_are_longwings_error() -> None:
    with pytest.raises(longwing.LongwingError, match="k"):
        long_conv(draw(2, 3, 40).to(DEVICE), draw(3, 40))
