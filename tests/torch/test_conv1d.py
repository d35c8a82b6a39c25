"""Conv1d against torch.nn.Conv1d: every argument, both ways to compute it, and which one is taken."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

import longwing.torch as lt  # noqa: E402 - torch may be absent


def pair(*arguments: Any, **options: Any) -> tuple[Any, Any]:
    torch.manual_seed(0)
    ours, torchs = lt.Conv1d(*arguments, **options), torch.nn.Conv1d(*arguments, **options)
    torchs.load_state_dict(ours.state_dict(), strict=True)
    return ours, torchs


@pytest.fixture
def always_by_long_conv(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lt.Conv1d, "_takes_long_conv", lambda *_: True)


CASES = [
    {},
    {"stride": 3},
    {"padding": 4},
    {"padding": "same"},
    {"padding": "valid", "dilation": 3},
    {"padding": "same", "dilation": 2},
    {"padding": 3, "padding_mode": "reflect"},
    {"padding": 3, "padding_mode": "replicate", "dilation": 2},
    {"padding": "same", "padding_mode": "circular"},
    {"bias": False, "stride": 2, "dilation": 4, "padding": 5},
    {"groups": 2},
    {"groups": 4, "stride": 2, "padding": 1},
    {"dtype": torch.float64, "groups": 2, "dilation": 5, "padding": 20},
]


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths:UserWarning")  # torch's own conv1d
@pytest.mark.usefixtures("always_by_long_conv")
@pytest.mark.parametrize("taps", [1, 2, 5])
@pytest.mark.parametrize("options", CASES, ids=str)
def test_the_transform_gives_torchs_result_and_gradients(options: dict[str, Any], taps: int) -> None:
    ours, torchs = pair(4, 8, taps, **options)
    for length in (21, 22):
        x = torch.randn(3, 4, length, dtype=ours.weight.dtype, requires_grad=True)
        y, expected = ours(x), torchs(x)
        torch.testing.assert_close(y, expected, rtol=1e-5, atol=1e-5)
        dy = torch.randn_like(expected)
        gradients = torch.autograd.grad(y, (x, *ours.parameters()), dy)
        torch.testing.assert_close(
            gradients, torch.autograd.grad(expected, (x, *torchs.parameters()), dy), rtol=1e-4, atol=1e-4
        )


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths:UserWarning")  # torch's own conv1d
@pytest.mark.usefixtures("always_by_long_conv")
@pytest.mark.parametrize("padding_mode", ["zeros", "reflect", "replicate", "circular"])
@pytest.mark.parametrize("groups", [1, 2, 4])
def test_every_stride_padding_dilation_and_number_of_groups(groups: int, padding_mode: str) -> None:
    for stride, padding, dilation, taps in itertools.product((1, 2, 5), (0, 1, (4,), "same", "valid"), (1, 3), (1, 2, 4)):
        if padding == "same" and stride > 1:
            continue  # torch refuses it
        options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
        ours, torchs = pair(4, 8, taps, padding_mode=padding_mode, **options)
        x = torch.randn(2, 4, 17)
        torch.testing.assert_close(ours(x), torchs(x), rtol=1e-5, atol=1e-5, msg=lambda text, at=options: f"{at}: {text}")


@pytest.mark.parametrize(
    ("arguments", "options", "length"),
    [
        ((3, 5, 80), {}, 600),
        ((3, 5, 48), {}, 600),
        ((6, 6, 16), {"groups": 6}, 600),
        ((6, 6, 300), {"groups": 6, "padding": "same"}, 700),
        ((4, 2, 200), {"stride": 2, "dilation": 3, "padding": 50, "padding_mode": "circular", "groups": 2}, 1501),
    ],
)
def test_long_kernels_take_the_transform(arguments: Any, options: Any, length: int) -> None:
    ours, torchs = pair(*arguments, **options)
    assert ours.explain(length).startswith("long convolutions: ")
    x = torch.randn(2, arguments[0], length)
    torch.testing.assert_close(ours(x).double(), torchs.double()(x.double()), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "options", "length", "reason"),
    [
        ((3, 5, 47), {}, 600, "47 taps are less than 48 times the stride 1"),
        ((3, 5, 90), {"stride": 2}, 600, "90 taps are less than 48 times the stride 2"),
        ((3, 3, 15), {"groups": 3}, 600, "15 taps are less than 16 times the stride 1"),
        ((3, 6, 47), {"groups": 3}, 600, "47 taps are less than 48 times the stride 1"),
        ((3, 5, 600), {}, 600, "direct sums over 600 taps"),
        ((3, 5, 80), {"dtype": torch.complex64}, 600, "no dtype of longwing's"),
    ],
)
def test_elsewhere_it_is_torchs_own(
    arguments: Any, options: Any, length: int, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, torchs = pair(*arguments, **options)
    assert ours.explain(length, ours.weight.dtype) == f"torch's conv1d: {reason}"
    monkeypatch.setattr(lt.Conv1d, "_convolve", None)
    x = torch.randn(2, 3, length, dtype=ours.weight.dtype)
    assert torch.equal(ours(x), torchs(x))


def test_a_device_without_an_engine_is_torchs_own() -> None:
    assert lt.Conv1d(3, 5, 80, device="meta")(torch.ones(2, 3, 600, device="meta")).shape == (2, 5, 521)


@pytest.mark.usefixtures("always_by_long_conv")
def test_an_input_without_a_batch() -> None:
    ours, torchs = pair(4, 8, 5, padding=2)
    x = torch.randn(4, 30)
    torch.testing.assert_close(ours(x), torchs(x), rtol=1e-5, atol=1e-5)


def test_autocast_gives_torchs_dtype() -> None:
    ours, torchs = pair(3, 5, 80)
    x = torch.randn(2, 3, 600)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y, expected = ours(x), torchs(x)
    assert y.dtype == expected.dtype == torch.bfloat16
    torch.testing.assert_close(y, expected, rtol=0.05, atol=0.05)


@pytest.mark.parametrize("shape", [(2, 4, 600), (2, 3, 10), (600,), (1, 2, 3, 600)])
def test_what_torch_refuses_is_refused_in_its_words(shape: tuple[int, ...]) -> None:
    ours, torchs = pair(3, 5, 80)
    with pytest.raises(RuntimeError) as expected:
        torchs(torch.ones(shape))
    with pytest.raises(RuntimeError) as refused:
        ours(torch.ones(shape))
    assert str(refused.value) == str(expected.value)


@pytest.mark.parametrize("batch", [0, 2])
def test_an_empty_batch(batch: int) -> None:
    ours, torchs = pair(3, 5, 80)
    assert ours(torch.ones(batch, 3, 600)).shape == torchs(torch.ones(batch, 3, 600)).shape


def test_compiled_code_gives_the_same() -> None:
    ours, torchs = pair(3, 5, 80)
    x = torch.randn(2, 3, 600)
    compiled = torch.compile(ours, backend="eager")
    torch.testing.assert_close(compiled(x), torchs(x), rtol=1e-5, atol=1e-5)
