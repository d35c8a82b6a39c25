"""The torch operators as torch sees them: registrations, kinds of tensors, dtypes, devices, errors."""

from __future__ import annotations

from typing import Any

import longwing
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

from longwing.torch import long_conv  # noqa: E402 - torch may be absent

FORWARD = torch.ops.longwing.long_conv.default
BACKWARD = torch.ops.longwing.long_conv_backward.default


def draw(*shape: int, grad: bool = True) -> Any:
    t = torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(sum(shape)))
    return t.requires_grad_(grad)


def every_tensor() -> tuple[Any, ...]:
    return draw(2, 2, 5), draw(1, 4), draw(1, 3), draw(2), draw(2, 2, 5), draw(2, 2, 5)


SAMPLES = {
    "all arguments": (*every_tensor(), "causal", "overlapped", "gelu", False),
    "bank": (draw(2, 2, 5), draw(3, 1, 4), None, None, None, draw(2, 2, 5), "same", "shifted", "silu", True),
    "per sample": (draw(2, 2, 5), draw(2, 1, 4), None, None, None, None, "full", "shifted", None, False),
    "valid": (draw(2, 2, 5), draw(2, 7), None, None, None, None, "valid", "shifted", None, False),
    "no gradient": (draw(2, 2, 5, grad=False), draw(2, 7, grad=False), *[None] * 4, "full", "shifted", None, False),
    "transposed": (draw(5, 2, 2).permute(1, 2, 0), draw(4, 1).T, *[None] * 4, "circular", "shifted", None, False),
    "rank 2": (draw(2, 5), draw(1, 4), None, draw(2), None, None, "causal", "shifted", None, False),
    "empty batch": (draw(0, 2, 5), draw(1, 4), None, None, None, None, "causal", "shifted", None, False),
}


def leaves(sample: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(t.detach().requires_grad_(t.requires_grad) if isinstance(t, torch.Tensor) else t for t in sample)


@pytest.mark.parametrize("name", SAMPLES)
def test_opcheck_finds_nothing_in_the_operation(name: str) -> None:
    assert set(torch.library.opcheck(FORWARD, leaves(SAMPLES[name])).values()) == {"SUCCESS"}


@pytest.mark.parametrize("wanted", [[True] * 6, [False, True] + [False] * 4, [False] * 6], ids=["all", "k", "none"])
@pytest.mark.parametrize("name", ["all arguments", "bank", "per sample", "transposed"])
def test_opcheck_finds_nothing_in_its_gradients(name: str, wanted: list[bool]) -> None:
    sample = leaves(SAMPLES[name])
    dy = torch.ones_like(FORWARD(*sample)).requires_grad_()
    assert set(torch.library.opcheck(BACKWARD, (dy, *sample, wanted)).values()) == {"SUCCESS"}


@pytest.mark.parametrize("operator", [FORWARD, BACKWARD])
@pytest.mark.parametrize("key", ["CPU", "CUDA", "Meta", "AutogradCPU", "AutogradCUDA", "FuncTorchBatched"])
def test_every_kind_of_call_has_a_kernel(operator: Any, key: str) -> None:
    assert torch._C._dispatch_has_computed_kernel_for_dispatch_key(operator.name(), key)


@pytest.mark.parametrize("name", SAMPLES)
def test_tensors_without_memory_give_the_shape_dtype_and_strides_of_the_result(name: str) -> None:
    sample = SAMPLES[name]
    y = FORWARD(*sample)
    meta = FORWARD(*(t.to("meta") if isinstance(t, torch.Tensor) else t for t in sample))
    assert (meta.shape, meta.dtype, meta.stride()) == (y.shape, y.dtype, y.stride())


def copies(call: Any) -> list[str]:
    """Names of torch's operations in a call that copy tensors."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
        call()
    return [event.name for event in profile.events() if event.name in ("aten::copy_", "aten::clone", "aten::contiguous")]


def test_strided_tensors_are_read_in_place_forward_and_backward() -> None:
    v, k = torch.randn(2, 40, 3, requires_grad=True), torch.randn(9, 3).T.requires_grad_()
    u = v.transpose(1, 2)
    assert copies(u.contiguous)
    assert not copies(lambda: torch.autograd.grad(long_conv(u, k).sum(), (u, k)))
    assert torch.equal(long_conv(u, k), longwing.long_conv(u.detach().contiguous(), k.detach().contiguous()))


@pytest.mark.parametrize("under", [torch.bfloat16, torch.float16])
def test_autocast_converts_rows_and_gates_and_leaves_filters(under: Any) -> None:
    u, k, _, skip, pre, post = (t.detach().float().requires_grad_() for t in every_tensor())
    with torch.autocast("cpu", under):
        y = long_conv(u, k, skip=skip, pre_gate=pre, post_gate=post)
    narrow = {"u": u.to(under), "k": k, "skip": skip, "pre_gate": pre.to(under), "post_gate": post.to(under)}
    assert torch.equal(y, long_conv(**narrow))
    y.float().sum().backward()
    assert {t.grad.dtype for t in (u, k, skip, pre, post)} == {torch.float32}


def test_autocast_leaves_float64_and_second_derivatives_alone() -> None:
    u, k = draw(2, 2, 5), draw(2, 4)
    single = u.detach().float().requires_grad_(), k.detach().float().requires_grad_()
    with torch.autocast("cpu", torch.bfloat16):
        assert long_conv(u, k).dtype == torch.float64
        (gradient,) = torch.autograd.grad(long_conv(*single, activation="gelu").sum(), single[0], create_graph=True)
        assert {g.dtype for g in torch.autograd.grad(gradient.sum(), single)} == {torch.float32}


@pytest.mark.parametrize("make", [torch.nn.Parameter, torch._neg_view])
def test_parameters_and_negated_views_are_tensors_like_others(make: Any) -> None:
    u, k = draw(2, 2, 5, grad=False), draw(2, 4, grad=False)
    assert torch.equal(long_conv(make(u), k), longwing.long_conv(make(u).detach().resolve_neg(), k))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"u": 3}, longwing.LongwingTypeError, r"u must be a torch\.Tensor, got int 3"),
        ({"k": [[1.0]]}, longwing.LongwingTypeError, r"k must be a torch\.Tensor, got list"),
        ({"skip": 1.0}, longwing.LongwingTypeError, r"skip must be a torch\.Tensor or None, got float 1\.0"),
        ({"mode": 3}, longwing.LongwingTypeError, "mode must be a string, got int 3"),
        ({"mode": "causa"}, longwing.LongwingValueError, 'mode must be one of "causal"'),
        ({"reverse_lag": None}, longwing.LongwingTypeError, "reverse_lag must be a string, got NoneType"),
        ({"reverse_lag": "left"}, longwing.LongwingValueError, "reverse_lag must be one of"),
        ({"activation": "relu"}, longwing.LongwingValueError, "activation must be one of"),
        ({"activation": True}, longwing.LongwingTypeError, "activation must be a string or None, got bool True"),
        ({"filter_bank": 1}, longwing.LongwingTypeError, "filter_bank must be True or False, got int 1"),
        ({"u": torch.ones(2, 2, 5, dtype=torch.int32)}, longwing.LongwingTypeError, "int32 is not supported"),
        ({"u": torch.ones(2, 2, 5).to_sparse()}, longwing.LongwingTypeError, "dense"),
        ({"u": torch.ones(5)}, longwing.LongwingValueError, "u must have rank >= 2"),
        ({"k": torch.ones(3, 4)}, longwing.LongwingValueError, "groups that divides"),
        ({"skip": torch.ones(3)}, longwing.LongwingValueError, "skip must have shape"),
    ],
)
@pytest.mark.parametrize("grad", [False, True])
def test_wrong_arguments_are_longwings_errors(change: Any, error: Any, message: str, grad: bool) -> None:
    arguments = {"u": torch.ones(2, 2, 5), "k": torch.ones(2, 4, requires_grad=grad)} | change
    with pytest.raises(error, match=message):
        long_conv(**arguments)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mode": "causa"}, 'mode must be one of "causal"'),
        ({"u": torch.ones(5, device="meta")}, "u must have rank >= 2"),
        ({"k": torch.ones(4, device="meta")}, "k must have rank 2"),
        ({"filter_bank": True}, "k must have rank 3"),
    ],
)
def test_what_has_no_shape_is_longwings_error_without_memory_too(change: Any, message: str) -> None:
    arguments = {"u": torch.ones(2, 2, 5, device="meta"), "k": torch.ones(2, 4, device="meta")} | change
    with pytest.raises(longwing.LongwingValueError, match=message):
        long_conv(**arguments)


def test_a_device_without_a_backend_is_longwings_error() -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    kernel = longwing.torch.operator.kernels._backward
    u = torch.ones(2, 2, 5, device="meta")
    with pytest.raises(longwing.LongwingError, match="meta"):
        kernel(u, u, torch.ones(2, 4, device="meta"), *[None] * 4, "causal", "shifted", None, False, [True] * 6)
