"""ButterflyTransform: the DFT at its start, its sizes, its parameters and what training does to them."""

from __future__ import annotations

import copy
import io
from typing import Any

import pytest
from longwing import LongwingError, LongwingTypeError, LongwingValueError

torch = pytest.importorskip("torch", reason="torch is not installed")

from longwing.torch import parameter_groups  # noqa: E402
from longwing.torch.butterfly import ButterflyTransform  # noqa: E402
from longwing.torch.butterfly.blocks import block_sizes  # noqa: E402

SIZES = [2**bits for bits in range(1, 13)]


def normal(*shape: int, seed: int = 0) -> Any:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def relative(actual: Any, expected: Any) -> float:
    return float(((actual - expected).norm() / expected.norm()).detach())


def trained(module: Any, seed: int = 1) -> Any:
    """Move every parameter away from its start, as a step of training does."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter += 0.1 * torch.randn(parameter.shape, dtype=parameter.dtype, generator=generator)
    return module


@pytest.mark.parametrize("n", SIZES)
def test_starts_as_the_fft_with_every_block_size(n: int) -> None:
    x = torch.complex(normal(2, 3, n), normal(2, 3, n, seed=1))
    expected = torch.fft.fft(x)
    for bits in range(1, n.bit_length()):
        transform = ButterflyTransform(n, block_size=2**bits, dtype=torch.float64)
        assert relative(torch.complex(*transform(x.real, x.imag)), expected) < 1e-13, bits


@pytest.mark.parametrize("order", [1, 2, 3, 4, 7, 10])
def test_starts_as_the_fft_with_every_order(order: int) -> None:
    transform = ButterflyTransform(1024, order=order, channels=3, dtype=torch.float64)
    x = normal(2, 3, 1024)
    assert len(transform.blocks) == order
    assert relative(torch.complex(*transform(x)), torch.fft.fft(x)) < 1e-13


def test_float32_is_as_exact_as_float32() -> None:
    x = normal(4, 4096)
    assert relative(torch.complex(*ButterflyTransform(4096)(x.float())), torch.fft.fft(x)) < 3e-7


@pytest.mark.parametrize("m", [1, 15, 16, 17, 100, 255])
@pytest.mark.parametrize("blocks", [(256,), (16, 16), (4, 2, 32)])
def test_a_short_input_is_zero_padded_also_when_trained(m: int, blocks: tuple[int, ...]) -> None:
    transform = trained(ButterflyTransform(256, blocks=blocks, dtype=torch.float64))
    x, y = normal(3, m), normal(3, m, seed=1)
    padded = [torch.nn.functional.pad(part, (0, 256 - m)) for part in (x, y)]
    torch.testing.assert_close(transform(x, y), transform(*padded))


def by_definition(transform: Any, x: Any) -> Any:
    """The docstring's formula, one channel, stage by stage on the digits of the index."""
    blocks = transform.blocks
    z = x.reshape(blocks)
    for stage, size in enumerate(blocks):
        matrices = transform.matrices[str(size)]
        z = torch.movedim(torch.tensordot(torch.complex(matrices.real[0], matrices.imag[0]), z, ([1], [stage])), 0, stage)
        following = torch.arange(transform.n)[: max(1, z[(0,) * (stage + 1)].numel())]
        angles = torch.outer(torch.arange(size), following).double() * (-2 * torch.pi / (size * len(following)))
        z = z * torch.polar(torch.ones_like(angles), angles).to(z.dtype).reshape(size, *blocks[stage + 1 :])
    return z.permute(*range(len(blocks) - 1, -1, -1)).flatten()


@pytest.mark.parametrize("blocks", [(8,), (4, 8), (2, 4, 2), (2, 2, 4, 4)])
def test_a_trained_transform_is_the_formula(blocks: tuple[int, ...]) -> None:
    n = int(torch.tensor(blocks).prod())
    transform = trained(ButterflyTransform(n, blocks=blocks, dtype=torch.float64))
    x = torch.complex(normal(n), normal(n, seed=1))
    assert relative(torch.complex(*transform(x.real, x.imag)), by_definition(transform, x)) < 1e-13


@pytest.mark.parametrize("blocks", [(8,), (4, 8), (2, 4, 2), (2, 2, 4, 4)])
def test_both_decimations_are_one_function_of_the_matrices(blocks: tuple[int, ...]) -> None:
    n = int(torch.tensor(blocks).prod())
    first = ButterflyTransform(n, blocks=blocks[::-1], dtype=torch.float64)
    inverse = trained(ButterflyTransform(n, blocks=blocks, dtype=torch.float64))
    x = normal(1, n, 3)
    re, im = inverse(*(part.squeeze(0).mT for part in (lambda s: (s.real, -s.imag))(torch.fft.fft(x, dim=1))))
    torch.testing.assert_close(inverse.inverse_gather(first.scatter(x), n - 1)[0].mT, re[:, : n - 1] / n)
    assert im.abs().max() > 0


def test_each_channel_has_matrices_of_its_own() -> None:
    transform = trained(ButterflyTransform(32, block_size=4, channels=3, dtype=torch.float64))
    x = normal(2, 3, 32)
    re, im = transform(x)
    for channel in range(3):
        alone = ButterflyTransform(32, block_size=4, dtype=torch.float64)
        alone.load_state_dict({name: value[channel : channel + 1] for name, value in transform.state_dict().items()})
        torch.testing.assert_close(alone(x[:, channel]), (re[:, channel], im[:, channel]))
    assert not torch.allclose(transform(x[:, :1].expand(-1, 3, -1))[0][:, 0], re[:, 1])


@pytest.mark.parametrize(
    ("n", "arguments", "channels", "expected"),
    [
        (1024, {"blocks": (2, 4, 8, 16)}, 5, 680 * 5),
        (1024, {"blocks": (2, 4, 8, 16)}, 1, 680),
        (4096, {"block_size": 16}, 1, 2 * 16**2),
        (2048, {"block_size": 16}, 7, 2 * (8**2 + 16**2) * 7),
        (64, {"block_size": 64}, 1, 2 * 64**2),
        (64, {"learned": False}, 1, 0),
        (64, {"additive": True, "order": 2}, 1, 2 * 8**2),
    ],
)
def test_parameters_are_two_squares_a_size_and_channel(
    n: int, arguments: dict[str, Any], channels: int, expected: int
) -> None:
    transform = ButterflyTransform(n, channels=channels, **arguments)
    assert sum(parameter.numel() for parameter in transform.parameters()) == expected
    tensors = [*transform.parameters(), *transform.buffers()]
    assert not any(tensor.is_complex() for tensor in tensors)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, (16, 16, 16)),
        ({"order": 2}, (64, 64)),
        ({"order": 5}, (4, 4, 4, 8, 8)),
        ({"block_size": 32}, (4, 32, 32)),
        ({"block_size": 2}, (2,) * 12),
        ({"block_size": 4096}, (4096,)),
        ({"blocks": (16, 8, 32)}, (16, 8, 32)),
    ],
)
def test_block_sizes(arguments: dict[str, Any], expected: tuple[int, ...]) -> None:
    assert block_sizes(4096, **arguments) == expected


def test_the_additive_form_adds_small_noise_to_the_dft() -> None:
    torch.manual_seed(0)
    transform = ButterflyTransform(4096, block_size=64, additive=True)
    for parameter in transform.parameters():
        assert parameter.detach().mean().abs() < 0.001
        assert 0.009 < parameter.detach().std() < 0.011
    x = normal(2, 4096).float()
    expected = torch.fft.fft(x)
    assert 0.01 < relative(torch.complex(*transform(x)), expected) < 0.5
    with torch.no_grad():
        for parameter in transform.parameters():
            parameter.zero_()
    assert relative(torch.complex(*transform(x)), expected) < 1e-6


def test_dropout_zeroes_what_is_learned_in_training_only() -> None:
    torch.manual_seed(0)
    transform = ButterflyTransform(16, block_size=16, dropout=0.5, dtype=torch.float64)
    impulses = torch.eye(16, dtype=torch.float64)
    re, im = transform(impulses)
    ratio = torch.complex(re, im) / torch.fft.fft(impulses)
    kept = ratio.abs() > 1
    assert 0.3 < kept.double().mean() < 0.7
    torch.testing.assert_close(ratio, 2 * kept.to(ratio.dtype))
    assert relative(torch.complex(*transform.eval()(impulses)), torch.fft.fft(impulses)) < 1e-13


@pytest.mark.parametrize("additive", [False, True])
@pytest.mark.parametrize("channels", [1, 2])
def test_gradcheck(additive: bool, channels: int) -> None:
    transform = ButterflyTransform(8, blocks=(2, 4), channels=channels, additive=additive, dtype=torch.float64)
    names, values = zip(*transform.named_parameters(), strict=True)

    def call(x: Any, y: Any, *parameters: Any) -> Any:
        return torch.func.functional_call(transform, dict(zip(names, parameters, strict=True)), (x, y))

    inputs = normal(1, channels, 5).requires_grad_(), normal(1, channels, 5, seed=1).requires_grad_(), *values
    assert torch.autograd.gradcheck(call, inputs)
    assert torch.autograd.gradgradcheck(call, inputs, fast_mode=True)


def test_state_dict_holds_the_matrices_alone_and_round_trips() -> None:
    transform, other = (ButterflyTransform(64, blocks=(4, 16), channels=2) for _ in range(2))
    trained(transform)
    state = transform.state_dict()
    assert {name: tuple(value.shape) for name, value in state.items()} == {
        f"matrices.{size}.{part}": (2, size, size) for size in (4, 16) for part in ("real", "imag")
    }
    buffer = io.BytesIO()
    torch.save(state, buffer)
    buffer.seek(0)
    other.load_state_dict(torch.load(buffer))
    x = torch.randn(2, 64)
    assert torch.equal(other(x)[0], transform(x)[0])


def test_a_change_of_dtype_rounds_the_constants_anew() -> None:
    transform = ButterflyTransform(256, block_size=16, learned=False).half().double()
    x = normal(2, 256)
    assert relative(torch.complex(*transform(x)), torch.fft.fft(x)) < 1e-13


def test_a_module_made_without_memory_can_be_filled() -> None:
    transform = ButterflyTransform(64, device=torch.device("meta")).to_empty(device="cpu")
    transform.reset_parameters()
    x = torch.randn(2, 64)
    assert relative(torch.complex(*transform(x)), torch.fft.fft(x)) < 1e-6


@pytest.mark.parametrize("copied", [lambda m: m, copy.deepcopy, lambda m: m.double()])
def test_the_matrices_have_a_learning_rate_of_their_own(copied: Any) -> None:
    model = copied(torch.nn.Sequential(ButterflyTransform(64, lr=2e-4), torch.nn.Linear(4, 4)))
    groups = parameter_groups(model, lr=1e-2, weight_decay=0.1)
    rates = {id(p): (group["lr"], group["weight_decay"]) for group in groups for p in group["params"]}
    assert {rates[id(p)] for p in model[0].parameters()} == {(2e-4, 0.0)}
    assert {rates[id(p)] for p in model[1].parameters()} <= {(1e-2, 0.1), (1e-2, 0.0)}


def test_compiles_without_graph_breaks() -> None:
    transform = ButterflyTransform(64, block_size=4)
    x = torch.randn(3, 64)
    torch.testing.assert_close(torch.compile(transform, fullgraph=True, backend="aot_eager")(x), transform(x))


def test_autocast_multiplies_in_the_lower_type() -> None:
    x = torch.randn(4, 256)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        re, im = ButterflyTransform(256)(x)
    assert re.dtype == torch.bfloat16
    assert relative(torch.complex(re.float(), im.float()), torch.fft.fft(x)) < 2e-2


def test_no_rows_give_no_rows() -> None:
    assert ButterflyTransform(16, channels=3)(torch.zeros(0, 3, 16))[0].shape == (0, 3, 16)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"n": 1}, LongwingValueError, "n must be a power of two from 2, got 1"),
        ({"n": 24}, LongwingValueError, "n must be a power of two from 2, got 24"),
        ({"n": 8.0}, LongwingTypeError, "n must be an int, got float 8.0"),
        ({"n": 16, "block_size": 32}, LongwingValueError, "block_size must be at most n=16"),
        ({"n": 16, "block_size": 3}, LongwingValueError, "block_size must be a power of two"),
        ({"n": 16, "order": 5}, LongwingValueError, r"order must be from 1 to log2\(n\)=4, got 5"),
        ({"n": 16, "order": 2.0}, LongwingTypeError, "order must be an int, got float 2.0"),
        ({"n": 16, "order": 2, "block_size": 4}, LongwingValueError, "order and block_size"),
        ({"n": 16, "blocks": (4, 8)}, LongwingValueError, "product n=16"),
        ({"n": 16, "blocks": 4}, LongwingTypeError, "sequence"),
        ({"n": 16, "channels": 0}, LongwingValueError, "channels must be at least 1, got 0"),
        ({"n": 16, "dropout": 1.0}, LongwingValueError, "dropout must be at least 0 and below 1"),
        ({"n": 16, "dropout": "a"}, LongwingTypeError, "dropout must be a number, got str 'a'"),
        ({"n": 16, "lr": 0.0}, LongwingValueError, "lr must be positive"),
        ({"n": 16, "lr": None}, LongwingTypeError, "lr must be a number, got NoneType None"),
        ({"n": 16, "lr": "a"}, LongwingTypeError, "lr must be a number, got str 'a'"),
        ({"n": 16, "learned": 1}, LongwingTypeError, "learned must be True or False, got int 1"),
        ({"n": 16, "learned": False, "additive": True}, LongwingValueError, "additive=True needs learned=True"),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], error: type[LongwingError], message: str) -> None:
    with pytest.raises(error, match=message):
        ButterflyTransform(**arguments)


@pytest.mark.parametrize(
    ("inputs", "error", "message"),
    [
        ((torch.zeros(3, 17),), LongwingValueError, "real's last dimension must be from 1 to n=16"),
        ((torch.zeros(3, 0),), LongwingValueError, "last dimension"),
        ((torch.zeros(16),), LongwingValueError, "as many as channels"),
        ((torch.zeros(2, 16),), LongwingValueError, "as many as channels"),
        ((torch.zeros(3, 16, dtype=torch.float64),), LongwingTypeError, "dtype torch.float32"),
        ((torch.zeros(3, 16, dtype=torch.complex64),), LongwingTypeError, "real must have a floating dtype"),
        (([1.0],), LongwingTypeError, r"torch\.Tensor, got list"),
        ((torch.zeros(3, 16), torch.zeros(3, 15)), LongwingValueError, "imag must have real's shape"),
    ],
)
def test_bad_inputs(inputs: tuple[Any, ...], error: type[LongwingError], message: str) -> None:
    with pytest.raises(error, match=message):
        ButterflyTransform(16, channels=3)(*inputs)
