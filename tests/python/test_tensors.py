"""torch without gradients: every pair of dtypes, and the tensors that DLPack would export wrong."""

from __future__ import annotations

from typing import Any

import longwing
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

DTYPES = ["float32", "float64", "float16", "bfloat16"]


def draw(*shape: int, dtype: str = "float32", seed: int = 0) -> Any:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)).to(getattr(torch, dtype))


@pytest.mark.parametrize("k_dtype", DTYPES)
@pytest.mark.parametrize("u_dtype", DTYPES)
@pytest.mark.parametrize("taps", [300, 3])
def test_every_dtype_of_k_with_every_dtype_of_u(u_dtype: str, k_dtype: str, taps: int) -> None:
    u, k = draw(2, 4, 300, dtype=u_dtype), draw(4, taps, dtype=k_dtype, seed=1)
    skip, gate = draw(4, dtype=k_dtype, seed=2), draw(2, 4, 300, dtype=u_dtype, seed=3)
    computed = torch.float64 if u_dtype == "float64" else torch.float32
    y = longwing.long_conv(u, k, skip=skip, pre_gate=gate, post_gate=gate, activation="silu")
    wide = [a.to(computed) for a in (u, k, skip, gate)]
    expected = longwing.long_conv(wide[0], wide[1], skip=wide[2], pre_gate=wide[3], post_gate=wide[3], activation="silu")
    assert y.dtype == u.dtype
    assert torch.equal(y, expected.to(u.dtype))


def test_strided_tensors_are_read_and_written_in_place() -> None:
    u, k = draw(2, 300, 4).transpose(1, 2), draw(4, 300, seed=1)
    out = torch.zeros(2, 300, 4).transpose(1, 2)
    assert longwing.long_conv(u, k, out=out) is out
    assert torch.equal(out, longwing.long_conv(u.contiguous(), k))


def test_a_detached_or_no_grad_parameter_is_read() -> None:
    u, k = draw(3, 20), torch.nn.Parameter(draw(3, 20, seed=1))
    with torch.no_grad():
        y = longwing.long_conv(u, k)
    assert not y.requires_grad
    assert torch.equal(y, longwing.long_conv(u, k.detach()))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda u: u.to_sparse(), "to_dense"),
        (lambda u: torch._neg_view(u), "resolve_neg"),
        (lambda u: torch.complex(u, u).conj(), "complex"),
        (lambda u: torch.complex(u, u), "complex64"),
        (lambda u: u.to(torch.int32), "int32"),
        (lambda u: u.to(torch.bool), "bool"),
        (lambda u: u.to("meta"), "meta"),
        (lambda u: u.to(torch.float8_e4m3fn), "not supported"),
    ],
)
def test_tensors_that_would_be_read_wrong_are_refused(make: Any, words: str) -> None:
    with pytest.raises(longwing.LongwingTypeError, match=words):
        longwing.long_conv(make(draw(3, 9)), draw(3, 9))


def test_fake_tensors_are_refused() -> None:
    from torch._subclasses.fake_tensor import FakeTensorMode

    with FakeTensorMode():
        fake = torch.zeros(3, 9)
    with pytest.raises(longwing.LongwingTypeError, match="memory of its own, got FakeTensor"):
        longwing.long_conv(fake, draw(3, 9))


def test_numpy_and_torch_do_not_mix() -> None:
    with pytest.raises(longwing.LongwingTypeError, match="k must be an array of u's library torch"):
        longwing.long_conv(draw(3, 9), draw(3, 9).numpy())


def test_torch_results_have_numpys_bits() -> None:
    u, k = draw(2, 3, 777), draw(3, 777, seed=1)
    assert torch.equal(longwing.long_conv(u, k), torch.from_numpy(longwing.long_conv(u.numpy(), k.numpy())))
