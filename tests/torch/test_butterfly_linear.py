"""ButterflyLinear: its matrix, its padding, and the projection of a dense matrix on to it."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
from longwing import LongwingError, LongwingTypeError, LongwingValueError

torch = pytest.importorskip("torch", reason="torch is not installed")

from longwing.torch.butterfly import ButterflyLinear  # noqa: E402
from longwing.torch.butterfly.linear import digits  # noqa: E402


def normal(*shape: int, seed: int = 0) -> Any:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def dense(weight: Any, bias: Any = None) -> Any:
    linear = torch.nn.Linear(weight.shape[1], weight.shape[0], bias is not None, dtype=weight.dtype)
    with torch.no_grad():
        linear.weight.copy_(weight)
        if bias is not None:
            linear.bias.copy_(bias)
    return linear


def entries(layer: Any) -> Any:
    """The matrix by the docstring's formula: each entry is one product of an entry of every factor."""
    matrix = torch.zeros(math.prod(layer.outputs), math.prod(layer.inputs), dtype=torch.float64)
    for a in itertools.product(*map(range, layer.outputs)):
        for j in itertools.product(*map(range, layer.inputs)):
            row = column = 0
            value = 1.0
            for stage, factor in enumerate(layer.factors):
                left = right = 0
                for digit, size in zip(a[:stage], layer.outputs[:stage], strict=True):
                    left = left * size + digit
                for digit, size in zip(j[stage + 1 :], layer.inputs[stage + 1 :], strict=True):
                    right = right * size + digit
                value = value * factor.detach()[left, right, a[stage], j[stage]]
            for digit, size in zip(a[::-1], layer.outputs[::-1], strict=True):
                row = row * size + digit
            for digit, size in zip(j, layer.inputs, strict=True):
                column = column * size + digit
            matrix[row, column] = value
    return matrix[: layer.out_features, : layer.in_features]


SHAPES = [(6, 6, 2), (4, 12, 2), (7, 5, 2), (1, 3, 2), (12, 8, 3), (5, 11, 3)]


@pytest.mark.parametrize(("inputs", "outputs", "order"), SHAPES)
def test_the_matrix_is_the_formula(inputs: int, outputs: int, order: int) -> None:
    layer = ButterflyLinear(inputs, outputs, order=order, dtype=torch.float64)
    x = normal(2, 3, inputs)
    torch.testing.assert_close(layer.to_dense(), entries(layer))
    torch.testing.assert_close(layer(x), torch.nn.functional.linear(x, entries(layer), layer.bias))


@pytest.mark.parametrize(
    ("features", "order", "expected"),
    [
        (1, 2, (1, 1)),
        (2, 2, (1, 2)),
        (3, 2, (2, 2)),
        (7, 2, (2, 4)),
        (768, 2, (24, 32)),
        (3072, 2, (48, 64)),
        (1024, 2, (32, 32)),
        (1024, 5, (4, 4, 4, 4, 4)),
        (100, 3, (4, 5, 5)),
    ],
)
def test_features_are_padded_to_near_equal_factors(features: int, order: int, expected: tuple[int, ...]) -> None:
    assert digits(features, order) == expected


def test_padding_is_the_least_that_near_equal_factors_allow() -> None:
    products = {(p, q): p * q for p in range(1, 40) for q in range(p, min(2 * p, 40) + 1)}
    for features in range(1, 300):
        pair = digits(features, 2)
        assert products[pair] == min(product for product in products.values() if product >= features), features


def test_parameters_are_two_n_to_the_three_halves() -> None:
    layer = ButterflyLinear(1024, 1024, bias=False)
    assert sum(parameter.numel() for parameter in layer.parameters()) == 2 * 1024 * 32


@pytest.mark.parametrize("order", [2, 3])
def test_it_starts_with_the_variance_of_a_linear_layer(order: int) -> None:
    torch.manual_seed(0)
    x = torch.randn(200, 1000)
    deviation = ButterflyLinear(1000, 1000, bias=False, order=order)(x).std()
    torch.testing.assert_close(deviation, torch.nn.Linear(1000, 1000, bias=False)(x).std(), rtol=0.03, atol=0)


@pytest.mark.parametrize(("inputs", "outputs"), [(6, 6), (4, 12), (7, 5), (30, 50)])
def test_projection_is_exact_for_a_butterfly(inputs: int, outputs: int) -> None:
    layer = ButterflyLinear(inputs, outputs, dtype=torch.float64)
    projected = ButterflyLinear.from_linear(dense(layer.to_dense(), layer.bias))
    torch.testing.assert_close(projected.to_dense(), layer.to_dense())
    assert torch.equal(projected.bias, layer.bias)


def best_by_angle(block: Any) -> float:
    """The least squared error of rank 1 for two rows or columns, by trying every direction."""
    two = block if block.shape[0] == 2 else block.T
    angles = torch.linspace(0, torch.pi, 200_001, dtype=torch.float64)
    directions = torch.stack((angles.cos(), angles.sin()), 1)
    return float((two.square().sum() - (directions @ two).square().sum(1)).min())


@pytest.mark.parametrize(("inputs", "outputs"), [(4, 4), (6, 4), (4, 9)])
def test_no_butterfly_is_nearer_in_any_block(inputs: int, outputs: int) -> None:
    weight = normal(outputs, inputs)
    layer = ButterflyLinear.from_linear(dense(weight))
    (i1, i2), (o1, o2) = layer.inputs, layer.outputs
    error = (layer.to_dense().detach() - weight).reshape(o2, o1, i1, i2)
    blocks = weight.reshape(o2, o1, i1, i2)
    for a, j in itertools.product(range(o1), range(i2)):
        found = float(error[:, a, :, j].square().sum())
        assert found == pytest.approx(best_by_angle(blocks[:, a, :, j]), rel=1e-6, abs=1e-8)


@pytest.mark.parametrize(("inputs", "outputs"), [(7, 5), (9, 10)])
def test_training_brings_the_projection_no_nearer(inputs: int, outputs: int) -> None:
    weight = normal(outputs, inputs)
    layer = ButterflyLinear.from_linear(dense(weight))
    error = (layer.to_dense() - weight).square().sum()
    gradients = torch.autograd.grad(error, list(layer.factors))
    assert max(float(gradient.abs().max()) for gradient in gradients) < 1e-12
    for seed in range(20):
        other = ButterflyLinear.from_linear(dense(weight + 0.1 * normal(outputs, inputs, seed=seed + 1)))
        assert (other.to_dense() - weight).square().sum() > error


def test_projection_keeps_bias_and_dtype() -> None:
    linear = torch.nn.Linear(10, 12, bias=False, dtype=torch.bfloat16)
    layer = ButterflyLinear.from_linear(linear)
    assert layer.bias is None
    assert {factor.dtype for factor in layer.factors} == {torch.bfloat16}


@pytest.mark.parametrize(("inputs", "outputs", "order"), [(4, 6, 2), (5, 3, 2), (8, 8, 3)])
def test_gradcheck(inputs: int, outputs: int, order: int) -> None:
    layer = ButterflyLinear(inputs, outputs, order=order, dtype=torch.float64)
    names, values = zip(*layer.named_parameters(), strict=True)

    def call(x: Any, *parameters: Any) -> Any:
        return torch.func.functional_call(layer, dict(zip(names, parameters, strict=True)), (x,))

    assert torch.autograd.gradcheck(call, (normal(2, inputs).requires_grad_(), *values))


@pytest.mark.parametrize("leading", [(), (0,), (2, 3)])
def test_leading_dimensions_are_kept(leading: tuple[int, ...]) -> None:
    assert ButterflyLinear(7, 5)(torch.zeros(*leading, 7)).shape == (*leading, 5)


def test_state_dict_round_trips() -> None:
    layer, other = ButterflyLinear(10, 12), ButterflyLinear(10, 12)
    other.load_state_dict(layer.state_dict())
    x = torch.randn(3, 10)
    assert torch.equal(other(x), layer(x))


def test_compiles_without_graph_breaks() -> None:
    layer = ButterflyLinear(10, 12, order=3)
    x = torch.randn(3, 10)
    torch.testing.assert_close(torch.compile(layer, fullgraph=True, backend="aot_eager")(x), layer(x))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: ButterflyLinear(0, 4), LongwingValueError, "in_features must be at least 1, got 0"),
        (lambda: ButterflyLinear(4, 2.5), LongwingTypeError, "out_features must be an int, got float 2.5"),
        (lambda: ButterflyLinear(4, 4, order=1), LongwingValueError, "order must be at least 2, got 1"),
        (lambda: ButterflyLinear(4, 4)(torch.zeros(2, 5)), LongwingValueError, r"x must be \(…, 4\), in_features"),
        (lambda: ButterflyLinear(4, 4)(torch.zeros(2, 4).int()), LongwingTypeError, "x must have a floating dtype"),
        (lambda: ButterflyLinear(4, 4)(torch.zeros(2, 4).double()), LongwingTypeError, "dtype torch.float32"),
        (lambda: ButterflyLinear.from_linear(torch.nn.Identity()), LongwingTypeError, "linear must be a torch.nn.Linear"),
    ],
)
def test_bad_input(call: Any, error: type[LongwingError], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
