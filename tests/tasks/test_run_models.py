"""The models: causal where they must be, alike where only the way to compute differs, and right against the definition."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch
from longwing import testing
from longwing.torch import LongConv, parameter_groups
from torch import nn
from torch.utils.data import TensorDataset

from bench.tasks import kernels
from bench.tasks.config import Layer, Model
from bench.tasks.data import TaskData
from bench.tasks.errors import TaskError
from bench.tasks.models import build
from bench.tasks.models.attention import rotated
from bench.tasks.models.s4d import S4D
from bench.tasks.models.torch_fft import LongConvOverTorchFft

LENGTH = 40
EMPTY = TensorDataset(torch.empty(0))
CLASSES = TaskData("test", EMPTY, EMPTY, EMPTY, "classification", None, 2, 3, LENGTH, "")
LANGUAGE = TaskData("test", EMPTY, EMPTY, EMPTY, "language_model", 7, None, 7, LENGTH, "")
SMALL = Model(layers=2, width=8, channels=1, norm="layer", kernel_dropout=0.0, lam=0.001, heads=2, state=8)


@pytest.fixture(autouse=True)
def _seeded() -> Iterator[None]:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


@pytest.mark.parametrize("layer", ["long_conv", "torch_fft", "s4d", "attention", "h3"])
@pytest.mark.parametrize("mlp", ["none", "dense", "butterfly"])
def test_a_language_model_does_not_see_the_future(layer: Layer, mlp: str) -> None:
    model = build(replace(SMALL, layer=layer, mlp=mlp, attention_at=(1,)), LANGUAGE).eval()  # type: ignore[arg-type]
    tokens = torch.randint(0, 7, (2, LENGTH))
    changed = tokens.clone()
    changed[:, 25] = (changed[:, 25] + 1) % 7
    before, after = model(tokens), model(changed)
    assert torch.allclose(before[:, :25], after[:, :25], atol=1e-5)
    assert not torch.allclose(before[:, 25:], after[:, 25:], atol=1e-3)


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("lag", ["shifted", "overlapped"])
@pytest.mark.parametrize("length", [LENGTH, 17])
def test_torch_fft_computes_what_longwing_does(bidirectional: bool, channels: int, lag: str, length: int) -> None:
    peer = LongConvOverTorchFft(6, LENGTH, channels, bidirectional, lag, lam=0.0)  # type: ignore[arg-type]
    ours = LongConv(6, LENGTH, channels, bidirectional, lag, lam=0.0)  # type: ignore[arg-type]
    ours.load_state_dict(peer.state_dict())
    u = torch.randn(3, 6, length)
    expected, actual = ours(u), peer(u)
    assert testing.relative_l2(actual.detach().numpy(), expected.detach().numpy()) < 1e-5


@pytest.mark.parametrize("bidirectional", [False, True])
def test_s4d_filters_are_the_outputs_of_its_states(bidirectional: bool) -> None:
    """Stepping the discretised states x ← exp(ΔA)·x + (exp(ΔA) - 1)/A·u with an impulse gives the filter."""
    layer = S4D(3, 8, bidirectional=bidirectional, lr=1e-3, dropout=0.0, tie_dropout=False).double()
    step = layer.log_step.exp()[:, None]
    poles = torch.complex(-layer.log_decay.exp(), layer.frequency)
    decay = torch.exp(step * poles)
    outputs = torch.view_as_complex(layer.output)
    states = (decay - 1) / poles
    stepped = []
    for _ in range(LENGTH):
        stepped.append(2 * (outputs * states).sum(-1).real)
        states = decay * states
    assert torch.allclose(layer.filters(LENGTH), torch.stack(stepped, -1), atol=1e-10)


def test_s4d_has_its_own_learning_rate() -> None:
    groups = parameter_groups(build(replace(SMALL, layer="s4d", kernel_lr=5e-4), CLASSES), 0.01, 0.05)
    own = [group for group in groups if group["lr"] == 5e-4]
    assert [len(group["params"]) for group in own] == [6]
    assert own[0]["weight_decay"] == 0


def test_the_butterfly_starts_as_the_long_convolution() -> None:
    plain = build(SMALL, CLASSES).eval()
    learned = build(replace(SMALL, layer="butterfly"), CLASSES).eval()
    missing = learned.load_state_dict(plain.state_dict(), strict=False)
    assert all("butterfly" in name for name in missing.missing_keys)
    assert not missing.unexpected_keys
    x = torch.randn(2, LENGTH, 2)
    assert torch.allclose(learned(x), plain(x), atol=1e-4)


@pytest.mark.parametrize("layer", ["long_conv", "s4d", "attention", "butterfly", "h3"])
def test_every_parameter_is_trained(layer: Layer) -> None:
    model = build(replace(SMALL, layer=layer), CLASSES)
    model(torch.randn(4, LENGTH, 2)).square().sum().backward()
    assert [name for name, parameter in model.named_parameters() if parameter.grad is None] == []


def test_filters_are_summed_up_as_they_are_applied() -> None:
    """Taps of alternating sign have all of their energy at the Nyquist frequency."""
    layer = LongConv(2, 8, lam=0.0)
    layer.filter.lam = 0.5
    with torch.no_grad():
        layer.filter.weight.copy_(torch.tensor([1.5, -1.5] * 4).expand(1, 2, 8))
    assert kernels.summary(nn.Sequential(layer), 8) == pytest.approx({"nonzero": 1.0, "high_frequency_energy": 1.0})
    with torch.no_grad():
        layer.filter.weight.copy_(torch.tensor([1.5] * 4 + [0.25] * 4).expand(1, 2, 8))
    found = kernels.summary(nn.Sequential(layer), 8)
    assert found["nonzero"] == 0.5
    energy = torch.fft.rfft(torch.tensor([1.0] * 4 + [0.0] * 4)).abs().square()
    assert found["high_frequency_energy"] == pytest.approx(float(energy[2:].sum() / energy.sum()))
    assert kernels.summary(nn.Linear(1, 1), 8) == {}


def test_attention_knows_the_order() -> None:
    model = build(replace(SMALL, layer="attention"), CLASSES).eval()
    x = torch.randn(1, LENGTH, 2)
    assert not torch.allclose(model(x), model(x.flip(1)), atol=1e-4)


def test_products_of_rotated_vectors_depend_on_distance_alone() -> None:
    q, k = torch.randn(2, 1, 6, dtype=torch.float64)
    products = rotated(q.expand(LENGTH, 6)) @ rotated(k.expand(LENGTH, 6)).mT
    assert torch.allclose(rotated(q.expand(LENGTH, 6))[0], q[0])
    assert torch.allclose(products[1:, 1:], products[:-1, :-1], atol=1e-12)
    assert products[0].std() > 0.1


def test_a_linear_skip_is_all_that_a_new_model_answers_with() -> None:
    data = TaskData("test", EMPTY, EMPTY, EMPTY, "regression", None, 2, None, LENGTH, "")
    model = build(replace(SMALL, linear_skip=2), data).eval()
    x = torch.randn(3, LENGTH, 2)
    assert [len(group["params"]) for group in parameter_groups(model, 1e-3, 0.1) if group["lr"] == 0.01] == [2]
    assert torch.equal(model(x), torch.zeros_like(x))
    with torch.no_grad():
        model.own.copy_(torch.tensor([[1.0, 0.5], [-1.0, 0.0]]))  # type: ignore[union-attr, operator]
        model.others.weight.copy_(torch.tensor([[0.0, 2.0], [0.0, 0.0]]))  # type: ignore[union-attr, operator]
    before = torch.cat([torch.zeros(3, 1), x[:, :-1, 0]], 1)
    expected = torch.stack([x[..., 0] + 0.5 * before + 2 * x[..., 1], -x[..., 1]], -1)
    assert torch.allclose(model(x), expected, atol=1e-6)
    with pytest.raises(TaskError, match="linear_skip"):
        build(replace(SMALL, linear_skip=2), CLASSES)
