"""The operation on a CUDA device: numbers against the oracle, gradients, streams, graphs, memory, errors."""

from __future__ import annotations

from typing import Any

import longwing
import numpy as np
import pytest
from longwing import testing

torch = pytest.importorskip("torch", reason="torch is not installed")

LIMITS = {"float64": 1e-14, "float32": 5e-7, "float16": 6.5e-4, "bfloat16": 2.2e-3}
LENGTHS = [1, 7, 64, 100, 1000, 1024, 4096, 5003, 8192, 16384, 20000]


def draw(*shape: int, dtype: str = "float32", seed: int = 0, device: str = "cuda") -> Any:
    numbers = np.random.default_rng(seed).standard_normal(shape)
    return torch.from_numpy(numbers).to(getattr(torch, dtype)).to(device)


def wide(tensor: Any) -> Any:
    return tensor.detach().double().cpu().numpy()


def error(actual: Any, expected: Any) -> float:
    return testing.relative_l2(wide(actual), expected)


@pytest.mark.parametrize("dtype", LIMITS)
@pytest.mark.parametrize("length", LENGTHS)
def test_forward_and_gradients(dtype: str, length: int) -> None:
    u, k, dy = draw(3, 4, length, dtype=dtype), draw(4, length, seed=1), draw(3, 4, length, dtype=dtype, seed=2)
    plan = longwing.plan(length=length, filter_length=length, channels=4, dtype=dtype, device="cuda:0")
    spectrum = plan.spectrum(k)
    y = plan.forward(u, spectrum)
    gradients = plan.backward(dy, u, spectrum)
    expected = testing.reference_gradients(wide(dy), wide(u), wide(k))
    assert y.device == u.device
    assert error(y, testing.reference(wide(u), wide(k))) <= LIMITS[dtype]
    assert error(gradients.u, expected.u) <= LIMITS[dtype]
    assert error(gradients.k, expected.k) <= max(LIMITS[dtype], 5e-7)


@pytest.mark.parametrize("mode", ["causal", "circular", "same", "full", "valid"])
@pytest.mark.parametrize("taps", [1, 30, 300, 1000])
def test_modes(mode: Any, taps: int) -> None:
    u, k = draw(2, 3, 300), draw(3, taps, seed=1)
    y = longwing.long_conv(u, k, mode=mode)
    assert error(y, testing.reference(wide(u), wide(k), mode=mode)) <= LIMITS["float32"]


@pytest.mark.parametrize("activation", [None, "gelu", "silu"])
@pytest.mark.parametrize("layout", ["rows", "channels last"])
def test_every_argument(activation: Any, layout: str) -> None:
    def rows(seed: int) -> Any:
        return draw(2, 6, 500, seed=seed) if layout == "rows" else draw(2, 500, 6, seed=seed).transpose(1, 2)

    u, pre, post, dy = (rows(seed) for seed in range(4))
    k, reverse, skip = draw(3, 400, seed=5), draw(3, 100, seed=6), draw(6, seed=7)
    arguments = {"skip": skip, "pre_gate": pre, "post_gate": post, "activation": activation}
    plan = longwing.plan(length=500, filter_length=400, channels=6, groups=3, reverse_length=100, device="cuda")
    spectrum = plan.spectrum(k, reverse)
    y = plan.forward(u, spectrum, **arguments)
    assert torch.equal(y, longwing.long_conv(u, k, reverse_filter=reverse, **arguments))
    host = {name: wide(value) if isinstance(value, torch.Tensor) else value for name, value in arguments.items()}
    assert error(y, testing.reference(wide(u), wide(k), reverse_filter=wide(reverse), **host)) <= 1e-6
    found = plan.backward(dy, u, spectrum, **arguments)
    expected = testing.reference_gradients(wide(dy), wide(u), wide(k), reverse_filter=wide(reverse), **host)
    for name in ("u", "k", "reverse_filter", "skip", "pre_gate", "post_gate"):
        assert error(getattr(found, name), getattr(expected, name)) <= 2e-6, name


@pytest.mark.parametrize("filter_bank", [False, True])
def test_filters_of_rank_3(filter_bank: bool) -> None:
    u, k = draw(3, 4, 200), draw(3, 2, 150, seed=1)
    y = longwing.long_conv(u, k, filter_bank=filter_bank)
    assert error(y, testing.reference(wide(u), wide(k), filter_bank=filter_bank)) <= LIMITS["float32"]


@pytest.mark.parametrize("length", [1000, 40000])
def test_runs_have_the_same_bits_whatever_the_batch(length: int) -> None:
    u, k, dy = draw(9, 3, length), draw(3, length, seed=1), draw(9, 3, length, seed=2)
    plan = longwing.plan(length=length, filter_length=length, channels=3, device="cuda")
    spectrum = plan.spectrum(k)
    y, gradients = plan.forward(u, spectrum), plan.backward(dy, u, spectrum)
    assert torch.equal(y, longwing.long_conv(u, k))
    assert torch.equal(y[4:5], plan.forward(u[4:5], spectrum))
    again = plan.backward(dy, u, spectrum)
    assert torch.equal(gradients.k, again.k)
    assert torch.equal(gradients.u, again.u)


def test_a_row_reaches_no_other() -> None:
    u, k = draw(4, 3, 5000), draw(3, 5000, seed=1)
    expected = longwing.long_conv(u, k)
    for poison in (float("nan"), float("inf"), 1e30):
        poisoned = u.clone()
        poisoned[1, 2, 17] = poison
        y = longwing.long_conv(poisoned, k)
        others = torch.ones(4, 3, dtype=torch.bool)
        others[1, 2] = False
        assert torch.equal(y[others], expected[others])


def test_work_is_in_the_order_of_the_current_stream() -> None:
    u, k = draw(8, 64, 8192), draw(64, 8192, seed=1)
    expected = longwing.long_conv(u, k)
    stream = torch.cuda.Stream()
    torch.cuda.synchronize()
    with torch.cuda.stream(stream):
        torch.cuda._sleep(20_000_000)
        late = u * 2
        y = longwing.long_conv(late, k)
        del late
        z = y / 2
    stream.synchronize()
    assert torch.equal(z, expected)


def test_a_spectrum_made_on_one_stream_serves_another_and_may_be_dropped_at_once() -> None:
    u, k = draw(4, 32, 4096), draw(32, 4096, seed=1)
    plan = longwing.plan(length=4096, filter_length=4096, channels=32, device="cuda")
    expected = longwing.long_conv(u, k)
    first, second = torch.cuda.Stream(), torch.cuda.Stream()
    torch.cuda.synchronize()
    with torch.cuda.stream(first):
        torch.cuda._sleep(20_000_000)
        spectrum = plan.spectrum(k)
    with torch.cuda.stream(second):
        y = plan.forward(u, spectrum)
        del spectrum
        junk = [plan.spectrum(draw(32, 4096, seed=seed)) for seed in range(3)]
    torch.cuda.synchronize()
    assert torch.equal(y, expected)
    assert len(junk) == 3


@pytest.mark.parametrize("length", [4096, 40000])
def test_a_call_can_be_captured_in_a_graph(length: int) -> None:
    u, k, dy = draw(2, 8, length), draw(8, length, seed=1), draw(2, 8, length, seed=2)
    plan = longwing.plan(length=length, filter_length=length, channels=8, device="cuda")
    spectrum = plan.spectrum(k)
    y = plan.forward(u, spectrum)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        captured = longwing.long_conv(u, k)
        cached = plan.forward(u, spectrum)
        gradients = plan.backward(dy, u, spectrum)
    u.copy_(draw(2, 8, length, seed=9))
    for _ in range(2):
        graph.replay()
    torch.cuda.synchronize()
    assert torch.equal(captured, longwing.long_conv(u, k))
    assert torch.equal(cached, captured)
    assert torch.equal(gradients.k, plan.backward(dy, u, spectrum).k)
    assert not torch.equal(y, captured)


def test_torchs_operator_trains_on_the_device() -> None:
    functional = pytest.importorskip("longwing.torch")
    u, k = draw(2, 4, 600).requires_grad_(), draw(4, 600, seed=1).requires_grad_()
    dy = draw(2, 4, 600, seed=2)
    functional.long_conv(u, k).backward(dy)
    expected = testing.reference_gradients(wide(dy), wide(u), wide(k))
    assert error(u.grad, expected.u) <= LIMITS["float32"]
    assert error(k.grad, expected.k) <= LIMITS["float32"]


@pytest.mark.parametrize("training", [False, True])
def test_workspace_is_a_tenth_of_the_input(training: bool) -> None:
    shape = (64, 768, 32768)
    if torch.cuda.mem_get_info()[0] < 4.5 * 2 * np.prod(shape):
        pytest.skip("the device's memory does not hold the arrays")
    longwing.clear_plan_cache()
    torch.cuda.empty_cache()
    u = torch.randn(shape, device="cuda", dtype=torch.bfloat16)
    k, out = draw(768, 32768), torch.empty_like(u)
    plan = longwing.plan(length=32768, filter_length=32768, channels=768, dtype="bfloat16", device="cuda")
    reserved = torch.cuda.memory_reserved()
    before = torch.cuda.mem_get_info()[0]
    if training:
        spectrum = plan.spectrum(k)
        gradients = plan.backward(u, u, spectrum)
        assert torch.isfinite(gradients.u).all()
    else:
        longwing.long_conv(u, k, out=out)
    torch.cuda.synchronize()
    ours = before - torch.cuda.mem_get_info()[0] - (torch.cuda.memory_reserved() - reserved)
    assert ours <= 0.1 * u.numel() * u.element_size()


def test_cupy_and_jax_arrays() -> None:
    host = np.random.default_rng(0).standard_normal((3, 500)).astype("float32")
    libraries = []
    try:
        import cupy

        libraries.append((cupy.asarray, cupy.asnumpy))
    except ImportError:
        pass
    try:
        import jax

        if jax.default_backend() == "gpu":
            libraries.append((jax.numpy.asarray, np.asarray))
    except ImportError:
        pass
    if not libraries:
        pytest.skip("neither CuPy nor JAX for CUDA is installed")
    for there, back in libraries:
        u, k = there(host), there(host[:, :200])
        y = longwing.long_conv(u, k)
        assert type(y) is type(u)
        assert testing.relative_l2(back(y), testing.reference(host, host[:, :200])) <= LIMITS["float32"]


def test_what_a_device_refuses() -> None:
    with pytest.raises(longwing.LongwingRuntimeError, match="cuda:99 does not exist"):
        longwing.plan(length=9, filter_length=9, channels=3, device="cuda:99")
    with pytest.raises(longwing.LongwingTypeError, match=r"k must be on .*cuda:0, got cpu"):
        longwing.long_conv(draw(3, 9), draw(3, 9, device="cpu"))
    y = longwing.long_conv(draw(0, 3, 9), draw(3, 9))
    assert y.shape == (0, 3, 9)
