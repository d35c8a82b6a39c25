"""LongConvFilter: what it warns of, what the optimizer is told, and that it is kept whole."""

from __future__ import annotations

import copy
import warnings
from typing import Any

import longwing
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

import longwing.torch as lt  # noqa: E402 - torch may be absent


@pytest.mark.parametrize(("lam", "share"), [(0.001, 0.617), (0.004, 0.0455), (0.0, 1.0)])
def test_the_share_of_survivors_is_told(lam: float, share: float) -> None:
    assert lt.LongConvFilter(64, 1024, lam=lam).survivors() == pytest.approx(share, abs=0.01)


@pytest.mark.parametrize("options", [{"lam": 0.1}, {"lam": 0.003, "smooth": 8}, {"lam": 0.5, "init": "geometric"}])
def test_a_lam_that_kills_the_filter_is_warned_of(options: dict[str, Any]) -> None:
    with pytest.warns(UserWarning, match=rf"lam={options['lam']} leaves 0\.\d\d% of the filter's initial weights"):
        made = lt.LongConvFilter(64, 256, **options)
    assert made.survivors() < 0.01


def test_a_dead_filter_gets_no_gradient() -> None:
    with pytest.warns(UserWarning, match=r"leaves 0\.00%"):
        made = lt.LongConvFilter(8, 32, lam=0.1)
    k = made()
    k.sum().backward()
    assert not k.any()
    assert not made.weight.grad.any()


@pytest.mark.parametrize("options", [{"lam": lam} for lam in (0.001, 0.002, 0.003, 0.004)] + [{"init": "geometric"}])
def test_the_papers_values_are_not_warned_of(options: dict[str, Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        lt.LongConvFilter(64, 1024, **options)


@pytest.mark.parametrize("options", [{}, {"smooth": 2}, {"smooth_frequency": 5}])
@pytest.mark.parametrize("length", [1, 7, 32, 50])
def test_a_cropped_filter_is_the_start_of_the_whole(options: dict[str, int], length: int) -> None:
    made = lt.LongConvFilter(16, 32, 2, lam=0.0001, **options)
    assert made(length).shape == (2, 16, min(length, 32))
    assert torch.equal(made(length), made()[..., :length])


@pytest.mark.parametrize("length", [0, -1])
def test_a_length_below_1_is_an_error(length: int) -> None:
    with pytest.raises(longwing.LongwingValueError, match=f"length must be at least 1, got {length}"):
        lt.LongConvFilter(16, 32)(length)


def test_a_filter_on_the_meta_device_is_drawn_later() -> None:
    with torch.device("meta"):
        made = lt.LongConvFilter(16, 64)
    made = made.to_empty(device="cpu")
    made.reset_parameters()
    assert made.weight.std().item() == pytest.approx(0.002, rel=0.2)


@pytest.mark.parametrize("prepare", [lambda model: model, copy.deepcopy, lambda model: model.double()])
def test_filters_have_their_own_rate_and_no_decay(prepare: Any) -> None:
    model = prepare(lt.LongConvModel(16, 2, 64, d_input=3, d_output=2, kernel_lr=1e-4, bidirectional=True))
    rest, filters = lt.parameter_groups(model, 0.01, 0.05)
    assert (rest["lr"], rest["weight_decay"]) == (0.01, 0.05)
    assert (filters["lr"], filters["weight_decay"]) == (1e-4, 0.0)
    expected = {id(parameter) for name, parameter in model.named_parameters() if "filter.weight" in name}
    assert len(expected) == 4
    assert {id(parameter) for parameter in filters["params"]} == expected
    assert len(rest["params"]) + 4 == len(list(model.parameters()))
    torch.optim.AdamW([rest, filters])


def test_a_filter_without_a_rate_takes_the_models() -> None:
    _, filters = lt.parameter_groups(lt.LongConvModel(16, 1, 64, d_input=3, d_output=2), 0.01, 0.05)
    assert (filters["lr"], filters["weight_decay"]) == (0.01, 0.0)


def test_a_parameters_own_options_go_before() -> None:
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 2))
    model[1].bias = model[0].bias
    model[0].weight._optim = {"lr": 1e-4, "weight_decay": 0.0}
    model[1].weight._optim = {"weight_decay": 0.0, "lr": 1e-4}
    rest, own = lt.parameter_groups(model, 0.1, 0.2)
    assert len(rest["params"]) == 1
    assert rest["params"][0] is model[0].bias
    assert len(own["params"]) == 2
    assert own["lr"] == 1e-4


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ((torch.nn.Linear(1, 1), -1.0, 0.0), longwing.LongwingValueError, "lr must be finite and at least 0, got -1.0"),
        ((torch.nn.Linear(1, 1), 1.0, -1.0), longwing.LongwingValueError, "weight_decay must be .* got -1.0"),
        (([], 1.0, 0.0), longwing.LongwingTypeError, "model must be a torch.nn.Module, got list"),
    ],
)
def test_bad_arguments_are_named(arguments: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        lt.parameter_groups(*arguments)


@pytest.mark.parametrize(
    "make",
    [
        lambda: lt.LongConv(4, 8, 2, bidirectional=True, lam=0.0, kernel_lr=1e-3),
        lambda: lt.H3LongConv(4, 8, lam=0.0),
        lambda: lt.LongConvModel(4, 2, 8, vocabulary=5, d_output=3, norm="batch", lam=0.0),
        lambda: lt.Conv1d(4, 6, 3, groups=2),
        lambda: lt.ButterflyConv(8, channels=3, learn_inverse=True, additive=True),
        lambda: lt.ButterflyLinear(6, 9, order=3),
    ],
)
def test_state_goes_through_safetensors(make: Any, tmp_path: Any) -> None:
    safetensors = pytest.importorskip("safetensors.torch", reason="safetensors is not installed")
    one, other = make(), make()
    safetensors.save_file(one.state_dict(), tmp_path / "state.safetensors")
    other.load_state_dict(safetensors.load_file(tmp_path / "state.safetensors"), strict=True)
    assert one.state_dict().keys() == other.state_dict().keys()
    for name, tensor in one.state_dict().items():
        assert torch.equal(tensor, other.state_dict()[name]), name
