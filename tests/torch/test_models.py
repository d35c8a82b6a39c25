"""LongConvModel: its formula in float64, its tasks, its errors."""

from __future__ import annotations

import math
from typing import Any

import longwing
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

import longwing.torch as lt  # noqa: E402 - torch may be absent

H, L_MAX = 6, 16


def model(**options: Any) -> Any:
    torch.manual_seed(0)
    made = lt.LongConvModel(H, 2, L_MAX, **{"d_output": 3, "init": "geometric", "lam": 0.001, **options})
    with torch.no_grad():
        for name, parameter in made.named_parameters():
            if "filter" in name:
                parameter.mul_(10)
            elif "norm" in name:
                parameter.add_(0.3 * torch.randn_like(parameter))
    return made


def tokens(*shape: int) -> Any:
    return torch.randint(0, 9, shape, generator=torch.Generator().manual_seed(sum(shape)))


def layer_formula(layer: Any, u: Any) -> Any:
    k = layer.filter.weight[0]
    k = torch.sign(k) * (k.abs() - layer.filter.lam).clamp(min=0)
    n = 2 * max(u.shape[-1], L_MAX)
    z = torch.fft.irfft(torch.fft.rfft(u, n) * torch.fft.rfft(k, n), n)[..., : u.shape[-1]] + layer.skip[0][:, None] * u
    y = 0.5 * z * (1 + torch.erf(z / math.sqrt(2)))
    a, b = (torch.einsum("oc,bcl->bol", layer.mix.weight, y) + layer.mix.bias[:, None]).chunk(2, dim=1)
    return a / (1 + torch.exp(-b))


def norm_formula(norm: Any, x: Any) -> Any:
    axes = (0, 2) if isinstance(norm, torch.nn.BatchNorm1d) else (1,)
    centred = x - x.mean(axes, keepdim=True)
    return (
        centred / (centred.square().mean(axes, keepdim=True) + norm.eps).sqrt() * norm.weight[:, None] + norm.bias[:, None]
    )


@pytest.mark.parametrize("length", [5, 16, 40])
@pytest.mark.parametrize("prenorm", [True, False])
@pytest.mark.parametrize("norm", ["layer", "batch"])
def test_the_model_is_its_formula(norm: Any, prenorm: bool, length: int) -> None:
    made = model(vocabulary=9, norm=norm, prenorm=prenorm).double()
    ids = tokens(4, length)
    x = made.encoder.weight[ids].mT
    for block in made.blocks:
        x = x + layer_formula(block.layer, norm_formula(block.norm, x)) if prenorm else x
        x = x if prenorm else norm_formula(block.norm, x + layer_formula(block.layer, x))
    x = norm_formula(made.norm, x) if prenorm else x
    expected = x.mean(-1) @ made.decoder.linear.weight.T + made.decoder.linear.bias
    torch.testing.assert_close(made(ids), expected)
    torch.testing.assert_close(made.float()(ids), expected.float(), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("inputs", [1, 4])
def test_signals_are_encoded_as_linear_does_and_lie_as_rows(inputs: int) -> None:
    encoder = model(d_input=inputs).double().encoder
    x = torch.randn(3, 20, inputs, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    encoded = encoder(x)
    torch.testing.assert_close(encoded, torch.nn.functional.linear(x, encoder.weight, encoder.bias))
    assert encoded.mT.is_contiguous()


@pytest.mark.parametrize(
    ("options", "shape", "answer"),
    [
        ({"vocabulary": 9}, (2, 20), (2, 3)),
        ({"d_input": 4}, (2, 20, 4), (2, 3)),
        ({"d_input": 4, "task": "regression", "pooling": "last"}, (2, 20, 4), (2, 3)),
        ({"d_input": 4, "task": "regression", "pooling": "none"}, (2, 20, 4), (2, 20, 3)),
        ({"vocabulary": 9, "task": "retrieval"}, (2, 2, 20), (2, 3)),
        ({"d_input": 4, "task": "retrieval", "pooling": "max"}, (2, 2, 20, 4), (2, 3)),
        ({"vocabulary": 9, "task": "language_model", "d_output": 9}, (2, 20), (2, 20, 9)),
        ({"vocabulary": 9, "channels": 2, "bidirectional": True, "dropout": 0.1, "embed_dropout": 0.1}, (2, 20), (2, 3)),
    ],
)
def test_tasks_have_their_shapes_and_train(
    options: dict[str, Any], shape: tuple[int, ...], answer: tuple[int, ...]
) -> None:
    made = model(**options)
    x = tokens(*shape) if "vocabulary" in options else torch.randn(shape)
    y = made(x)
    assert y.shape == answer
    y.square().sum().backward()
    assert all(parameter.grad is not None and parameter.grad.isfinite().all() for parameter in made.parameters())


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("length", [3, L_MAX, 25])
def test_a_language_model_does_not_see_the_future(length: int, training: bool) -> None:
    made = model(vocabulary=9, task="language_model", d_output=9, dropout=0.1, channels=2).double().train(training)
    ids = tokens(2, length)

    def run(x: Any) -> Any:
        torch.manual_seed(1)
        return made(x)

    plain = run(ids)
    for t in range(length):
        changed = ids.clone()
        changed[:, t] = (changed[:, t] + 1) % 9
        output = run(changed)
        torch.testing.assert_close(output[:, :t], plain[:, :t], rtol=0, atol=1e-10)
        assert (output[:, t] - plain[:, t]).abs().max() > 1e-4


@pytest.mark.parametrize("pooling", ["mean", "max", "last"])
@pytest.mark.parametrize("task", ["classification", "retrieval"])
def test_padding_beyond_the_lengths_is_not_pooled(task: Any, pooling: Any) -> None:
    made = model(vocabulary=9, task=task, pooling=pooling).double().eval()
    ids = tokens(2, 2, 12) if task == "retrieval" else tokens(4, 12)
    lengths = torch.tensor([[3, 12], [1, 7]]) if task == "retrieval" else torch.tensor([3, 12, 1, 7])
    together = made(ids, lengths)
    if task == "classification":
        alone = torch.cat([made(row[None, :n]) for row, n in zip(ids, lengths.tolist(), strict=True)])
        torch.testing.assert_close(together, alone)
    other = ids.clone()
    outside = torch.arange(12) >= lengths[..., None]
    other[outside] = (other[outside] + 1) % 9
    torch.testing.assert_close(made(other, lengths), together)
    assert not torch.allclose(made(other), made(ids))


def test_retrieval_compares_the_two() -> None:
    made = model(vocabulary=9, task="retrieval").double().eval()
    ids = tokens(3, 2, 12)
    one = model(vocabulary=9).double()
    one.load_state_dict({k: v for k, v in made.state_dict().items() if "decoder" not in k}, strict=False)
    one.decoder = torch.nn.Identity()
    features = []
    made.decoder.compare.register_forward_pre_hook(lambda _, arguments: features.append(arguments[0]))
    made(ids)
    one.decoder.forward = lambda rows, lengths: rows.mean(-1)
    a, b = one.eval()(ids[:, 0]), one(ids[:, 1])
    torch.testing.assert_close(features[0], torch.cat([a, b, a * b, a - b], dim=1))


def test_training_learns() -> None:
    torch.manual_seed(0)
    made = lt.LongConvModel(16, 2, 32, vocabulary=9, d_output=2, init="geometric")
    optimizer = torch.optim.AdamW(lt.parameter_groups(made, 0.01, 0.01))
    ids = tokens(32, 32)
    answers = (ids[:, 0] > 4).long()  # 31 samples back from the end
    for _ in range(60):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(made(ids), answers)
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "vocabulary, for tokens, or d_input, .* got vocabulary=None, d_input=None"),
        ({"vocabulary": 9, "d_input": 2}, "got vocabulary=9, d_input=2"),
        ({"vocabulary": 0}, "vocabulary must be at least 1, got 0"),
        ({"d_input": 0}, "d_input must be at least 1, got 0"),
        ({"vocabulary": 9, "task": "speech"}, "task must be one of .* got 'speech'"),
        ({"vocabulary": 9, "pooling": "sum"}, "pooling must be one of .* got 'sum'"),
        ({"vocabulary": 9, "pooling": "none", "task": "retrieval"}, "pooling must be one of .* got 'none'"),
        ({"vocabulary": 9, "norm": "group"}, "norm must be one of 'layer', 'batch', got 'group'"),
        ({"vocabulary": 9, "task": "language_model", "bidirectional": True}, "bidirectional=True is not supported"),
        ({"vocabulary": 9, "embed_dropout": 1.5}, "embed_dropout must be .* got 1.5"),
        ({"vocabulary": 9, "d_output": 0}, "d_output must be at least 1, got 0"),
        ({"vocabulary": 9, "task": "language_model", "pooling": "bad"}, "pooling must be one of .* got 'bad'"),
        ({"vocabulary": 9, "layout": "BLH"}, "layout is not supported: .* got layout='BLH'"),
        ({"vocabulary": 9, "layout": "BHL"}, "layout is not supported"),
    ],
)
def test_bad_arguments_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(longwing.LongwingValueError, match=message):
        model(**options)


@pytest.mark.parametrize("name", ["bidirectional", "prenorm", "tie_dropout"])
def test_a_flag_is_a_bool(name: str) -> None:
    for task in ("classification", "language_model"):
        with pytest.raises(longwing.LongwingTypeError, match=f"{name} must be True or False, got str 'no'"):
            model(vocabulary=9, task=task, **{name: "no"})


@pytest.mark.parametrize(
    ("options", "lengths", "kind", "message"),
    [
        ({}, torch.tensor([3.0, 5.0]), longwing.LongwingTypeError, "lengths must have an integer dtype, got torch.float32"),
        ({}, torch.tensor([True, True]), longwing.LongwingTypeError, "integer dtype, got torch.bool"),
        ({}, [3, 5], longwing.LongwingTypeError, "lengths must be a torch.Tensor of integers, got list"),
        ({"task": "retrieval"}, [[3, 5]], longwing.LongwingTypeError, "of integers, got list"),
        ({"task": "retrieval"}, torch.tensor([3, 5]), longwing.LongwingValueError, r"lengths must have shape \(1, 2\)"),
        ({"pooling": "none"}, torch.tensor([3, 5]), longwing.LongwingValueError, "lengths must be None"),
        ({"pooling": "none"}, [3, 5], longwing.LongwingTypeError, "of integers, got list"),
        ({"task": "language_model"}, torch.tensor([3, 5]), longwing.LongwingValueError, "lengths must be None"),
    ],
)
def test_lengths_are_integers_of_what_is_pooled(options: Any, lengths: Any, kind: type[Exception], message: str) -> None:
    x = tokens(1, 2, 5) if options.get("task") == "retrieval" else tokens(2, 5)
    with pytest.raises(kind, match=message):
        model(vocabulary=9, **options)(x, lengths)


@pytest.mark.parametrize("dtype", [torch.int8, torch.uint8, torch.int16, torch.int32])
@pytest.mark.parametrize("pooling", ["mean", "max", "last"])
def test_lengths_of_every_integer_dtype_are_the_same(pooling: Any, dtype: Any) -> None:
    made, lengths = model(vocabulary=9, pooling=pooling).eval(), torch.tensor([3, 5])
    assert torch.equal(made(tokens(2, 5), lengths.to(dtype)), made(tokens(2, 5), lengths))


def test_a_batch_norm_lets_a_language_model_see_the_future_in_training_only() -> None:
    ids = tokens(2, 12)
    later = ids.clone()
    later[:, -1] = (later[:, -1] + 1) % 9
    for norm, training, sees in (("batch", True, True), ("batch", False, False), ("layer", True, False)):
        made = model(vocabulary=9, task="language_model", d_output=9, norm=norm).double().train(training)
        assert ((made(later) - made(ids))[:, :-1].abs().max() > 1e-6) == sees


@pytest.mark.parametrize(
    ("options", "x", "lengths", "kind", "message"),
    [
        ({"vocabulary": 9}, torch.ones(2, 5), None, longwing.LongwingTypeError, "integer tokens, got dtype torch.float32"),
        ({"d_input": 2}, tokens(2, 5), None, longwing.LongwingTypeError, "floating signals, got dtype torch.int64"),
        ({"vocabulary": 9}, tokens(5), None, longwing.LongwingValueError, r"x must have shape \(B, L\) with .* \(5,\)"),
        ({"d_input": 2}, torch.ones(2, 5, 3), None, longwing.LongwingValueError, r"\(B, L, d_input=2\) .* \(2, 5, 3\)"),
        ({"vocabulary": 9, "task": "retrieval"}, tokens(2, 3, 5), None, longwing.LongwingValueError, r"\(B, 2, L\) with"),
        ({"vocabulary": 9}, tokens(2, 0), None, longwing.LongwingValueError, r"x must .* with L >= 1, got \(2, 0\)"),
        ({"d_input": 2}, torch.ones(2, 0, 2), None, longwing.LongwingValueError, r"x must .* L >= 1, got \(2, 0, 2\)"),
        ({"vocabulary": 9}, [[1, 2]], None, longwing.LongwingTypeError, "x must be a torch.Tensor of .* tokens, got list"),
        (
            {"vocabulary": 9},
            tokens(2, 5),
            torch.tensor([3]),
            longwing.LongwingValueError,
            r"lengths must have shape \(2,\)",
        ),
        ({"vocabulary": 9}, tokens(2, 5), torch.tensor([3, 6]), longwing.LongwingValueError, "from 1 to L=5, got 3 to 6"),
        ({"vocabulary": 9}, tokens(2, 5), torch.tensor([0, 5]), longwing.LongwingValueError, "from 1 to L=5, got 0 to 5"),
    ],
)
def test_bad_inputs_are_named(options: Any, x: Any, lengths: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        model(**options)(x, lengths)
