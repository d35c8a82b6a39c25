"""LongConv against its formula by direct sums in float64: both layouts, every length, train and eval."""

from __future__ import annotations

import math
from typing import Any

import longwing
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

import longwing.torch as lt  # noqa: E402 - torch may be absent

H, L_MAX = 4, 12


def signal(*shape: int, dtype: Any = torch.float64) -> Any:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(sum(shape))).to(dtype)


def layer(dtype: Any = torch.float64, **options: Any) -> Any:
    torch.manual_seed(0)
    with torch.no_grad():
        made = lt.LongConv(H, L_MAX, init="geometric", **{"lam": 0.003, **options}).to(dtype)
        for name, parameter in made.named_parameters():
            if "filter" in name:
                parameter.mul_(20)  # so that the convolution weighs as much as the skip
    return made


def delayed(u: Any, lag: int) -> Any:
    """u[t - lag], zero outside of the row."""
    length = u.shape[-1]
    out = torch.zeros_like(u)
    if abs(lag) < length:
        out[..., max(lag, 0) : length + min(lag, 0)] = u[..., max(-lag, 0) : length - max(lag, 0)]
    return out


def kernel(weight: Any, lam: float, p: int) -> Any:
    weight = weight.detach().double()
    average = torch.zeros_like(weight)
    for offset in range(-p, p + 1):
        average += delayed(weight, offset) / (2 * p + 1)
    return torch.where(average.abs() > lam, average - lam * average.sign(), torch.zeros_like(average))


def expected(made: Any, u: Any) -> Any:
    """The paper's layer, summed lag by lag; u and the result are (B, H, L)."""
    u = u.double()
    parts = []
    for c in range(made.channels):
        total = made.skip[c].detach().double()[:, None] * u
        k = kernel(made.filter.weight, made.filter.lam, made.filter.smooth)[c]
        for j in range(L_MAX):
            total = total + k[:, j, None] * delayed(u, j)
        if made.reverse_filter is not None:
            r = kernel(made.reverse_filter.weight, made.filter.lam, made.filter.smooth)[c]
            for j in range(L_MAX):
                total = total + r[:, j, None] * delayed(u, -(j + 1) if made.reverse_lag == "shifted" else -j)
        parts.append(0.5 * total * (1 + torch.erf(total / math.sqrt(2))))
    y = torch.cat(parts, dim=1)
    z = torch.einsum("oc,bcl->bol", made.mix.weight.detach().double(), y) + made.mix.bias.detach().double()[:, None]
    return z[:, :H] / (1 + torch.exp(-z[:, H:]))


@pytest.mark.parametrize("length", [1, 2, 7, L_MAX, 29])
@pytest.mark.parametrize("smooth", [0, 2])
@pytest.mark.parametrize(
    "options",
    [{}, {"bidirectional": True}, {"bidirectional": True, "reverse_lag": "overlapped"}],
    ids=["causal", "shifted", "overlapped"],
)
@pytest.mark.parametrize("channels", [1, 2])
def test_the_layer_is_its_formula(channels: int, options: dict[str, Any], smooth: int, length: int) -> None:
    made = layer(channels=channels, smooth=smooth, **options)
    u = signal(3, H, length)
    torch.testing.assert_close(made(u), expected(made, u))
    single = made.float()
    torch.testing.assert_close(single(u.float()), expected(single, u).float(), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("training", [True, False])
def test_the_layouts_are_transposed(training: bool) -> None:
    one, other = layer(channels=2).train(training), layer(channels=2, layout="BLH").train(training)
    u = signal(3, H, 9)
    torch.testing.assert_close(other(u.mT), one(u).mT)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("layout", ["BHL", "BLH"])
@pytest.mark.parametrize("length", [*range(1, L_MAX + 1), 20, 30])
def test_outputs_do_not_depend_on_later_inputs(length: int, layout: Any, training: bool) -> None:
    made = layer(layout=layout, channels=2, smooth=1, kernel_dropout=0.2, dropout=0.2).train(training)
    time = layout.index("L")
    u = signal(2, *((H, length) if layout == "BHL" else (length, H)))

    def run(x: Any) -> Any:
        torch.manual_seed(1)  # the same masks
        return made(x)

    plain = run(u)
    for t in range(length):
        changed = u.clone()
        changed.select(time, t).add_(100.0)
        output = run(changed)
        torch.testing.assert_close(output.narrow(time, 0, t), plain.narrow(time, 0, t), rtol=0, atol=1e-11)
        assert (output.select(time, t) - plain.select(time, t)).abs().max() > 0.01


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("layout", ["BHL", "BLH"])
def test_nor_where_the_convolution_is_by_transform(layout: Any, training: bool) -> None:
    l_max = 200
    form = longwing.plan(length=l_max, filter_length=l_max, channels=H, dtype="float64").explain().splitlines()[2]
    assert "one right-angle transform" in form
    torch.manual_seed(0)
    made = lt.LongConv(H, l_max, layout=layout, lam=0.0).double().train(training)
    with torch.no_grad():
        made.filter.weight.mul_(500)
    time = layout.index("L")
    for length in range(1, l_max + 20):
        u = signal(1, *((H, length) if layout == "BHL" else (length, H)))
        changed, t = u.clone(), length // 2
        changed.narrow(time, t, length - t).add_(100.0)
        output, plain = made(changed), made(u)
        torch.testing.assert_close(output.narrow(time, 0, t), plain.narrow(time, 0, t), rtol=0, atol=1e-9)
        assert (output.select(time, t) - plain.select(time, t)).abs().max() > 0.01


@pytest.mark.parametrize("smooth", [{"smooth": 3}, {"smooth_frequency": 5}])
def test_a_prefix_gives_the_outputs_of_the_whole(smooth: dict[str, int]) -> None:
    made = layer(**smooth)
    u = signal(2, H, 30)
    torch.testing.assert_close(made(u[..., :5]), made(u)[..., :5])


def test_a_bidirectional_layer_sees_the_future() -> None:
    made = layer(bidirectional=True)
    u = signal(1, H, 6)
    changed = u.clone()
    changed[..., 5] += 1
    assert (made(changed) - made(u))[..., 0].abs().max() > 1e-4


def test_gradients_of_the_whole_layer() -> None:
    made = layer(channels=2, bidirectional=True)
    names = [name for name, _ in made.named_parameters()]

    def call(u: Any, *parameters: Any) -> Any:
        return torch.func.functional_call(made, dict(zip(names, parameters, strict=True)), (u,))

    inputs = (signal(2, H, 5).requires_grad_(), *(parameter.detach().requires_grad_() for parameter in made.parameters()))
    assert torch.autograd.gradcheck(call, inputs, fast_mode=True)


def test_the_mix_has_gradients_of_both_orders() -> None:
    mix = lt.LongConv(3, 4, lam=0.0).mix.double()
    inputs = [signal(2, 3, 4), mix.weight.detach(), mix.bias.detach()]

    def call(y: Any, weight: Any, bias: Any) -> Any:
        return torch.func.functional_call(mix, {"weight": weight, "bias": bias}, (y,))

    wanted = [tensor.requires_grad_() for tensor in inputs]
    assert torch.autograd.gradcheck(call, wanted)
    assert torch.autograd.gradgradcheck(call, wanted)


def test_gradients_by_sample() -> None:
    made = layer()
    parameters = {name: parameter.detach() for name, parameter in made.named_parameters()}
    u = signal(3, H, 7)

    def loss(parameters: Any, row: Any) -> Any:
        return torch.func.functional_call(made, parameters, (row[None],)).square().sum()

    together = torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0))(parameters, u)
    for b in range(3):
        alone = torch.func.grad(loss)(parameters, u[b])
        for name, gradient in alone.items():
            torch.testing.assert_close(together[name][b], gradient)


@pytest.mark.parametrize("tied", [True, False])
def test_tied_dropout_drops_whole_rows(tied: bool) -> None:
    made = layer(channels=2, dropout=0.5, tie_dropout=tied)
    seen = []
    made.mix.register_forward_pre_hook(lambda _, arguments: seen.append(arguments[0].detach()))
    u = signal(4, H, 20)
    made.eval()(u)
    made.train()(u)
    plain, dropped = seen
    kept = torch.isclose(dropped, 2 * plain)
    assert torch.all(kept | (dropped == 0))
    share = kept.double().mean(-1)
    assert torch.all((share == 0) | (share == 1)) == tied
    assert 0.1 < share.mean() < 0.9


def test_kernel_dropout_drops_taps_in_training_only() -> None:
    made = lt.LongConvFilter(8, 64, dropout=0.25)
    plain = made.eval()()
    assert torch.equal(plain, made())
    dropped = made.train()()
    kept = torch.isclose(dropped, plain / 0.75)
    assert torch.all(kept | (dropped == 0))
    survivors = plain != 0
    assert kept[survivors].double().mean().item() == pytest.approx(0.75, abs=0.15)


def test_autocast_reaches_the_rows_and_not_the_filter() -> None:
    made = layer(torch.float32)
    filters = []
    made.filter.register_forward_hook(lambda *arguments: filters.append(arguments[-1]))
    u = signal(2, H, 10, dtype=torch.float32)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y = made(u)
    assert y.dtype == torch.bfloat16
    assert filters[0].dtype == torch.float32
    torch.testing.assert_close(y.float(), made(u), rtol=0.05, atol=0.05)
    y.float().sum().backward()
    assert made.filter.weight.grad.dtype == torch.float32


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_half_layer_computes_its_filter_in_float32(channels: int, dtype: Any) -> None:
    made = layer(dtype, channels=channels)
    u = signal(2, H, 10, dtype=dtype)
    assert made.filter().dtype == torch.float32
    assert made(u).dtype == dtype
    torch.testing.assert_close(made(u).double(), expected(made, u), rtol=0.05, atol=0.05)


@pytest.mark.parametrize("options", [{}, {"channels": 2, "bidirectional": True, "smooth_frequency": 3}])
def test_all_that_is_saved_is_real_parameters(options: dict[str, Any]) -> None:
    made = lt.LongConv(H, L_MAX, lam=0.0, **options)
    assert not list(made.buffers())
    assert all(tensor.dtype == torch.float32 for tensor in made.state_dict().values())


@pytest.mark.parametrize(
    ("arguments", "options", "kind", "message"),
    [
        ((0, 8), {}, longwing.LongwingValueError, "d_model must be at least 1, got 0"),
        ((4, 0), {}, longwing.LongwingValueError, "l_max must be at least 1, got 0"),
        ((4, 8.0), {}, longwing.LongwingTypeError, "l_max must be an int, got float"),
        ((4, 8, 0), {}, longwing.LongwingValueError, "channels must be at least 1, got 0"),
        ((4, 8), {"layout": "LBH"}, longwing.LongwingValueError, "layout must be one of 'BHL', 'BLH', got 'LBH'"),
        ((4, 8), {"bidirectional": "no"}, longwing.LongwingTypeError, "bidirectional must be True or False, got str 'no'"),
        ((4, 8), {"tie_dropout": 1}, longwing.LongwingTypeError, "tie_dropout must be True or False, got int 1"),
        ((4, 8), {"reverse_lag": "left"}, longwing.LongwingValueError, "reverse_lag must be one of .* got 'left'"),
        ((4, 8), {"init": "zero"}, longwing.LongwingValueError, "init must be one of 'random', 'geometric', got 'zero'"),
        ((4, 8), {"lam": -1}, longwing.LongwingValueError, "lam must be finite and at least 0, got -1"),
        ((4, 8), {"lam": "a"}, longwing.LongwingTypeError, "lam must be a number, got str"),
        ((4, 8), {"smooth": -1}, longwing.LongwingValueError, "smooth must be at least 0, got -1"),
        ((4, 8), {"smooth_frequency": 2}, longwing.LongwingValueError, "smooth_frequency must be odd or 0, got 2"),
        ((4, 8), {"smooth": 1, "smooth_frequency": 3}, longwing.LongwingValueError, "smooth must be 0 beside .*, got 1"),
        ((4, 8), {"dropout": 1.0}, longwing.LongwingValueError, "dropout must be at least 0 and below 1, got 1.0"),
        ((4, 8), {"kernel_dropout": -0.1}, longwing.LongwingValueError, "kernel_dropout must be .* got -0.1"),
        ((4, 8), {"kernel_lr": -0.1}, longwing.LongwingValueError, "lr must be .* got -0.1"),
    ],
)
def test_bad_arguments_are_named(arguments: Any, options: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        lt.LongConv(*arguments, **{"lam": 0.0, **options})


@pytest.mark.parametrize("make", [lt.LongConv, lt.H3LongConv])
@pytest.mark.parametrize(
    ("layout", "u", "kind", "message"),
    [
        ("BHL", torch.ones(2, 5, 7), longwing.LongwingValueError, r"u must have shape \(B, H=4, L\).*got \(2, 5, 7\)"),
        ("BLH", torch.ones(2, 4, 7), longwing.LongwingValueError, r"u must have shape \(B, L, H=4\).*got \(2, 4, 7\)"),
        ("BHL", torch.ones(4, 7), longwing.LongwingValueError, r"got \(4, 7\)"),
        ("BHL", torch.ones(2, 4, 0), longwing.LongwingValueError, r"L >= 1, got \(2, 4, 0\)"),
        ("BHL", torch.ones(2, 4, 7, dtype=torch.int64), longwing.LongwingTypeError, "floating dtype, got torch.int64"),
        ("BHL", [[1.0]], longwing.LongwingTypeError, "u must be a torch.Tensor, got list"),
    ],
)
def test_bad_inputs_are_named(make: Any, layout: Any, u: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        make(4, 8, layout=layout, lam=0.0)(u)
