"""longwing.torch.long_conv under torch.func: vmap, grad, jacrev and what is built of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import longwing
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

from longwing.torch import long_conv  # noqa: E402 - torch may be absent
from torch.func import functional_call, grad, hessian, jacfwd, jacrev, jvp, vjp, vmap  # noqa: E402

# torch's own rules of forward mode are compiled in this way when they are first needed.
pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")

H, L, K, N = 4, 9, 5, 3


def draw(*shape: int) -> Any:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(sum(shape)))


def close(got: Any, expected: Any) -> bool:
    pairs = zip(*(torch.utils._pytree.tree_leaves(tree) for tree in (got, expected)), strict=True)
    return all(torch.allclose(a, b, rtol=1e-10, atol=1e-10) for a, b in pairs)


SHAPES = {
    "shared": {"u": (2, H, L), "k": (2, K)},
    "rows": {"u": (H, L), "k": (2, K)},
    "per sample": {"u": (2, H, L), "k": (2, 2, K)},
    "bank": {"u": (2, H, L), "k": (3, 2, K)},
}


def tensors_of(filters: str, mapped: tuple[str, ...], dim: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """All tensors of a call, those of `mapped` with N examples along `dim`, and the dims for vmap."""
    shapes: dict[str, tuple[int, ...]] = dict(SHAPES[filters])
    u, k = shapes["u"], shapes["k"]
    post = (*u[:-2], 3, H, L) if filters == "bank" else u
    shapes |= {"reverse_filter": (*k[:-1], 3), "skip": (H,), "pre_gate": u, "post_gate": post}
    dims = {name: min(dim, len(shape)) if name in mapped else None for name, shape in shapes.items()}
    extended = {
        name: shape if dims[name] is None else (*shape[: dims[name]], N, *shape[dims[name] :])
        for name, shape in shapes.items()
    }
    return {name: draw(*shape) for name, shape in extended.items()}, dims


def looped(function: Callable[..., Any], tensors: dict[str, Any], dims: dict[str, Any]) -> list[Any]:
    """Results of one call per example."""
    return [
        function(*(t if dims[name] is None else t.select(dims[name], i) for name, t in tensors.items()))
        for i in range(N)
    ]


MAPPED = [
    ("u",),
    ("k",),
    ("skip",),
    ("reverse_filter",),
    ("pre_gate",),
    ("post_gate",),
    ("u", "k"),
    ("k", "reverse_filter"),
    ("u", "post_gate"),
    ("u", "k", "reverse_filter", "skip", "pre_gate", "post_gate"),
]


@pytest.mark.parametrize("dim", [0, 1, 2])
@pytest.mark.parametrize("mapped", MAPPED, ids="-".join)
@pytest.mark.parametrize("filters", SHAPES)
def test_vmap_equals_a_loop_for_values_and_gradients(filters: str, mapped: tuple[str, ...], dim: int) -> None:
    tensors, dims = tensors_of(filters, mapped, dim)

    def call(*values: Any) -> Any:
        return long_conv(**dict(zip(tensors, values, strict=True)), activation="silu", filter_bank=filters == "bank")

    gradients = grad(lambda *values: call(*values).sin().sum(), tuple(range(6)))
    in_dims = tuple(dims.values())
    assert close(vmap(call, in_dims)(*tensors.values()), torch.stack(looped(call, tensors, dims)))
    for got, expected in zip(
        vmap(gradients, in_dims)(*tensors.values()), zip(*looped(gradients, tensors, dims), strict=True), strict=True
    ):
        assert close(got, torch.stack(expected))


def test_examples_with_filters_of_their_own_have_the_bits_of_filters_per_sample() -> None:
    u, k = draw(N, H, L).float(), draw(N, 2, K).float()
    assert torch.equal(vmap(long_conv)(u, k), longwing.long_conv(u, k))


def test_vmap_over_the_filter_alone_has_the_bits_of_a_filter_bank() -> None:
    u, k = draw(2, H, L).float(), draw(N, 2, K).float()
    got = vmap(long_conv, (None, 0), out_dims=1)(u, k)
    assert torch.equal(got, longwing.long_conv(u, k, filter_bank=True))


@pytest.mark.parametrize("mode", ["circular", "same", "full", "valid"])
def test_vmap_in_other_modes(mode: Any) -> None:
    u, k = draw(N, 2, H, L), draw(N, H, K)
    expected = torch.stack([long_conv(*pair, mode=mode) for pair in zip(u, k, strict=True)])
    assert close(vmap(lambda u, k: long_conv(u, k, mode=mode))(u, k), expected)


def plain(u: Any, k: Any, q: Any) -> Any:
    """The causal operation by torch's own operations."""
    shifts = [torch.nn.functional.pad(u, (j, 0))[..., : u.shape[-1]] for j in range(k.shape[-1])]
    return q * torch.nn.functional.gelu(sum(k[..., j, None] * shifted for j, shifted in enumerate(shifts)))


def fused(u: Any, k: Any, q: Any) -> Any:
    return long_conv(u, k, post_gate=q, activation="gelu")


U, Q, FILTER = draw(2, 5), draw(2, 5), draw(2, 3)
MANY = (torch.stack([U, 3 * U]), torch.stack([FILTER, FILTER**2, -FILTER]), torch.stack([Q, Q * Q]))


def loss_of(f: Any) -> Any:
    return lambda u, k, q: f(u, k, q).sin().sum()


TRANSFORMS: dict[str, Callable[[Any], Any]] = {
    "jacrev": lambda f: jacrev(f, (0, 1, 2))(U, FILTER, Q),
    "jacfwd": lambda f: jacfwd(f, (0, 1, 2))(U, FILTER, Q),
    "jacrev of jacrev": lambda f: jacrev(jacrev(loss_of(f), (0, 1, 2)), (0, 1, 2))(U, FILTER, Q),
    "hessian": lambda f: hessian(loss_of(f), (0, 1, 2))(U, FILTER, Q),
    "three jacrevs": lambda f: jacrev(jacrev(jacrev(loss_of(f), 1), 0), 2)(U, FILTER, Q),
    "vjp": lambda f: vjp(f, U, FILTER, Q)[1](Q),
    "jvp": lambda f: jvp(f, (U, FILTER, Q), (Q, FILTER, U)),
    "grad of vmap": lambda f: grad(lambda k: vmap(f, (0, None, 0))(MANY[0], k, MANY[2]).pow(3).sum())(FILTER),
    "vmap of vmap": lambda f: vmap(vmap(f, (0, None, 0)), (None, 0, None))(*MANY),
    "vmap of vmap of grad": lambda f: vmap(vmap(grad(loss_of(f), (0, 1, 2)), (0, None, 0)), (None, 0, None))(*MANY),
    "vmap of grad of grad": lambda f: vmap(
        grad(lambda k, u: grad(loss_of(f), 1)(u, k, Q).pow(2).sum()), (None, 0)
    )(FILTER, MANY[0]),
    "grad with a part in no_grad": lambda f: grad(
        lambda k: (f(U, k, Q) * torch.no_grad()(f)(U, k, Q)).sum()
    )(FILTER),
}


@pytest.mark.parametrize("name", TRANSFORMS)
def test_a_transform_equals_that_of_torchs_own_operations(name: str) -> None:
    assert close(TRANSFORMS[name](fused), TRANSFORMS[name](plain))


def test_autograd_outside_of_a_transform_sees_through_it() -> None:
    def both(f: Any) -> Any:
        k = FILTER.clone().requires_grad_()
        return torch.autograd.grad(grad(loss_of(f))(U, k, Q).square().sum(), k)

    assert close(both(fused), both(plain))


def test_functional_call_gives_gradients_per_example() -> None:
    class Layer(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.k = torch.nn.Parameter(FILTER)

        def forward(self, u: Any) -> Any:
            return long_conv(u, self.k)

    layer = Layer()

    def loss(parameters: Any, u: Any) -> Any:
        return functional_call(layer, parameters, (u,)).square().sum()

    parameters = {"k": layer.k.detach()}
    got = vmap(grad(loss), (None, 0))(parameters, MANY[0])["k"]
    assert close(got, torch.stack([grad(loss)(parameters, u)["k"] for u in MANY[0]]))


@pytest.mark.parametrize("call", [long_conv, torch.ops.longwing.long_conv.default])
def test_forward_mode_without_functorch(call: Any) -> None:
    rest = () if call is long_conv else (None,) * 4 + ("causal", "shifted", None, False)
    with torch.autograd.forward_ad.dual_level():
        y = call(torch.autograd.forward_ad.make_dual(U, Q), FILTER, *rest)
        tangent = torch.autograd.forward_ad.unpack_dual(y).tangent
    assert close(tangent, long_conv(Q, FILTER))


@pytest.mark.parametrize(
    "call",
    [
        lambda: grad(lambda u: longwing.long_conv(u, FILTER).sum())(U),
        lambda: vmap(lambda u: longwing.long_conv(u, FILTER))(MANY[0]),
        lambda: jvp(lambda u: longwing.long_conv(u, FILTER), (U,), (U,)),
    ],
)
def test_the_function_without_derivatives_refuses_transformed_tensors(call: Any) -> None:
    with pytest.raises(longwing.LongwingTypeError, match=r"longwing\.torch"):
        call()


@pytest.mark.parametrize(
    ("u", "k", "bank", "message"),
    [
        ((N, L), (N, K), False, "u must have rank >= 2"),
        ((N, H, L), (N, K), False, "k must have rank 2"),
        ((N, H, L), (N, H, K), True, "k must have rank 3"),
        ((N, H, L), (N, 2, H, K), False, "u must have rank 3"),
        ((N, H, L), (N, 3, K), False, "groups that divides"),
    ],
)
def test_wrong_shapes_of_one_example_are_longwings_errors(u: Any, k: Any, bank: bool, message: str) -> None:
    with pytest.raises(longwing.LongwingValueError, match=message):
        vmap(lambda u, k: long_conv(u, k, filter_bank=bank))(draw(*u), draw(*k))
