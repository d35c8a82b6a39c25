"""Derivatives of longwing.torch.long_conv: every argument, both directions, several orders."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

from longwing.torch import long_conv  # noqa: E402 - torch may be absent
from torch.autograd import gradcheck, gradgradcheck  # noqa: E402

# torch's own rules of forward mode are compiled in this way when they are first needed.
pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")

NAMES = ("u", "k", "reverse_filter", "skip", "pre_gate", "post_gate")
OUTPUT_LENGTH = {"full": 6, "valid": 2}
MODES = ("causal", "circular", "same", "full", "valid")


def double(*shape: int) -> Any:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(sum(shape))).requires_grad_()


def all_arguments(mode: str, filters: str) -> dict[str, Any]:
    """Every tensor that the mode allows, for 2 samples, 2 channels, L=4 and K=3."""
    k = {"shared": (1, 3), "per sample": (2, 2, 3), "bank": (3, 1, 3), "bank, one gate": (3, 2, 3)}[filters]
    tensors = {"u": double(2, 2, 4), "k": double(*k), "pre_gate": double(2, 2, 4)}
    m = OUTPUT_LENGTH.get(mode, 4)
    tensors["post_gate"] = double(2, 3, 2, m) if filters == "bank" else double(2, 2, m)
    if mode in ("causal", "circular"):
        tensors["reverse_filter"] = double(*k[:-1], 2)
    if mode in ("causal", "circular", "same"):
        tensors["skip"] = double(2)
    return tensors


def call(tensors: dict[str, Any], **options: Any) -> tuple[Any, tuple[Any, ...]]:
    """Return a function of all tensors by position, and its arguments."""

    def function(*values: Any) -> Any:
        return long_conv(**dict(zip(tensors, values, strict=True)), **options)

    return function, tuple(tensors.values())


FILTERS = ("shared", "per sample", "bank", "bank, one gate")
CASES = [
    *itertools.product(MODES, FILTERS, ["silu"]),
    *itertools.product(["causal", "circular"], ["shared", "bank, one gate"], ["gelu", None]),
]


@pytest.mark.parametrize(("mode", "filters", "activation"), CASES)
def test_first_and_second_derivatives_backward_and_forward(mode: str, filters: str, activation: Any) -> None:
    lag = "overlapped" if activation == "gelu" else "shifted"
    options = {"mode": mode, "activation": activation, "filter_bank": filters.startswith("bank"), "reverse_lag": lag}
    function, tensors = call(all_arguments(mode, filters), **options)
    assert gradcheck(function, tensors, check_forward_ad=True)
    assert gradgradcheck(function, tensors, check_fwd_over_rev=True)


@pytest.mark.parametrize("present", list(itertools.product([False, True], repeat=4)))
def test_second_derivatives_whichever_arguments_are_absent(present: tuple[bool, ...]) -> None:
    optional = dict(zip(NAMES[2:], present, strict=True))
    tensors = {n: t for n, t in all_arguments("causal", "shared").items() if optional.get(n, True)}
    for activation in (None, "silu"):
        function, values = call(tensors, activation=activation)
        assert gradgradcheck(function, values, check_fwd_over_rev=True)


@pytest.mark.parametrize("lag", ["shifted", "overlapped"])
@pytest.mark.parametrize("mode", ["causal", "circular"])
def test_derivatives_where_filters_serve_groups_of_channels(mode: str, lag: str) -> None:
    tensors = {"u": double(1, 4, 3), "k": double(2, 5), "reverse_filter": double(2, 4), "skip": double(4)}
    function, values = call(tensors, mode=mode, reverse_lag=lag, activation="silu")
    assert gradcheck(function, values, check_forward_ad=True)
    assert gradgradcheck(function, values, check_fwd_over_rev=True)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("activation", [None, "gelu"])
def test_second_derivatives_where_one_argument_alone_is_differentiated(name: str, activation: Any) -> None:
    tensors = {n: t if n == name else t.detach() for n, t in all_arguments("causal", "per sample").items()}
    function, values = call(tensors, activation=activation)
    assert gradgradcheck(function, values, check_fwd_over_rev=True)


@pytest.mark.parametrize("activation", ["gelu", "silu"])
def test_third_derivatives(activation: Any) -> None:
    def gradients(u: Any, k: Any, q: Any) -> Any:
        y = long_conv(u, k, post_gate=q, activation=activation)
        return torch.autograd.grad(y.sin().sum(), (u, k, q), create_graph=True)

    assert gradgradcheck(gradients, (double(1, 2, 3), double(2, 2), double(1, 2, 3)))


@pytest.mark.parametrize("name", NAMES)
def test_a_gradient_has_its_tensors_shape_and_dtype_and_no_other_is_computed(name: str) -> None:
    tensors = {n: t.detach().to(torch.bfloat16) for n, t in all_arguments("causal", "bank, one gate").items()}
    tensors["k"] = tensors["k"].float()
    tensors[name].requires_grad_()
    long_conv(**tensors, filter_bank=True, activation="gelu").sum().backward()
    for other, tensor in tensors.items():
        assert (tensor.grad is None) == (other != name)
    assert tensors[name].grad.shape == tensors[name].shape
    assert tensors[name].grad.dtype == tensors[name].dtype


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_second_derivatives_of_halves_are_those_of_doubles_rounded(dtype: str) -> None:
    half = getattr(torch, dtype)

    def penalty(u: Any, k: Any) -> Any:
        y = long_conv(u, k, activation="gelu")
        (gradient,) = torch.autograd.grad(y, u, torch.ones_like(y), create_graph=True)
        return torch.autograd.grad(gradient, (u, k), torch.ones_like(gradient))

    u, k = double(2, 3, 64), double(3, 64)
    narrow = [t.detach().to(half).requires_grad_() for t in (u, k)]
    exact = penalty(*(t.detach().double().requires_grad_() for t in narrow))
    for got, expected in zip(penalty(*narrow), exact, strict=True):
        assert got.dtype == half
        assert (got.double() - expected).norm() <= 2 * torch.finfo(half).eps * expected.norm()


def test_only_inputs_are_saved_for_backward() -> None:
    tensors = all_arguments("causal", "bank")
    addresses = {t.data_ptr() for t in tensors.values()}
    saved = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: saved.append(t.data_ptr()) or t, lambda t: t):
        long_conv(**tensors, filter_bank=True, activation="gelu")
    assert set(saved) == addresses


def test_a_gradient_that_arrives_expanded_or_negated_is_read_right() -> None:
    u, k = double(2, 2, 9), double(2, 4)
    ones = torch.ones((), dtype=torch.float64).expand(2, 2, 9)
    y = long_conv(u, k)
    expected = torch.autograd.grad(y, (u, k), ones.contiguous(), retain_graph=True)
    for dy, sign in ((ones, 1), (torch._neg_view(ones.clone()), -1)):
        got = torch.autograd.grad(y, (u, k), dy, retain_graph=True)
        assert all(torch.equal(a, sign * b) for a, b in zip(got, expected, strict=True))
