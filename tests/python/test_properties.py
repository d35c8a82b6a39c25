"""What holds for every convolution, without an oracle where there is no need of one."""

from __future__ import annotations

from typing import Any

import longwing
import numpy as np
import pytest
from longwing import testing

MODES = ["causal", "circular", "same", "full", "valid"]
# Direct sums, overlap-save, one transform; short and long filters; even, odd and prime lengths.
SIZES = [(20, 20), (5000, 3), (70001, 300), (600, 600), (1021, 1021), (4096, 4096), (5003, 2500), (300, 900)]


def draw(*shape: int, dtype: str = "float64", seed: int = 0) -> Any:
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def close(actual: Any, expected: Any, n: int) -> None:
    """Equal to a few roundings of float64."""
    assert testing.relative_l2(actual, expected) <= 4 * testing.tolerance("float64", n)


@pytest.mark.parametrize("mode", ["causal", "circular", "full"])
@pytest.mark.parametrize(("length", "taps"), SIZES)
def test_an_impulse_gives_the_filter(length: int, taps: int, mode: Any) -> None:
    k = draw(2, taps)
    place = length // 3
    u = np.zeros((2, length))
    u[:, place] = 1
    linear = np.zeros((2, length + taps - 1))
    linear[:, place : place + taps] = k
    folded = np.zeros((2, length))
    for start in range(0, linear.shape[-1], length):
        part = linear[:, start : start + length]
        folded[:, : part.shape[-1]] += part
    expected = {"causal": linear[:, :length], "circular": folded, "full": linear}[mode]
    close(longwing.long_conv(u, k, mode=mode), expected, length + taps)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("length", "taps"), SIZES)
def test_it_is_linear_in_both_arguments(length: int, taps: int, mode: Any) -> None:
    u, v, k, q = draw(2, length), draw(2, length, seed=1), draw(2, taps, seed=2), draw(2, taps, seed=3)

    def conv(a: Any, b: Any) -> Any:
        return longwing.long_conv(a, b, mode=mode)

    close(conv(2 * u - 3 * v, k), 2 * conv(u, k) - 3 * conv(v, k), length + taps)
    close(conv(u, 2 * k - 3 * q), 2 * conv(u, k) - 3 * conv(u, q), length + taps)
    # A factor of two changes exponents alone.
    assert np.array_equal(conv(4 * u, k / 8), conv(u, k) / 2)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("length", "taps"), SIZES)
def test_zeros_give_exact_zeros(length: int, taps: int, mode: Any, dtype: str) -> None:
    u, k = draw(2, length, dtype=dtype), draw(2, taps, dtype=dtype)
    assert not longwing.long_conv(np.zeros_like(u), k, mode=mode).any()
    assert not longwing.long_conv(u, np.zeros_like(k), mode=mode).any()


@pytest.mark.parametrize(("length", "taps"), SIZES)
@pytest.mark.parametrize("shift", [1, 7])
def test_a_shift_in_time_goes_through(length: int, taps: int, shift: int) -> None:
    u, k = draw(2, length), draw(2, taps, seed=1)
    later = np.zeros_like(u)
    later[:, shift:] = u[:, :-shift]
    y = longwing.long_conv(u, k)
    close(longwing.long_conv(later, k)[:, shift:], y[:, :-shift], length + taps)
    turned = longwing.long_conv(np.roll(u, shift, axis=-1), k, mode="circular")
    close(turned, np.roll(longwing.long_conv(u, k, mode="circular"), shift, axis=-1), length + taps)


@pytest.mark.parametrize(("length", "taps"), SIZES)
def test_sums_and_energies_multiply(length: int, taps: int) -> None:
    u, k = draw(2, length), draw(2, taps, seed=1)
    full = longwing.long_conv(u, k, mode="full")
    scale = np.linalg.norm(u) * np.linalg.norm(k) * np.sqrt(full.shape[-1])
    assert np.all(np.abs(full.sum(axis=-1) - u.sum(axis=-1) * k.sum(axis=-1)) <= 1e-13 * scale)
    # Parseval: the energy of y is that of its spectrum, which is the product of the two.
    product = np.fft.rfft(u, full.shape[-1]) * np.fft.rfft(k, full.shape[-1])
    assert np.linalg.norm(np.fft.rfft(full) - product) <= 1e-13 * np.linalg.norm(product)
    energy = np.square(np.abs(np.fft.fft(u, full.shape[-1]) * np.fft.fft(k, full.shape[-1]))).mean(axis=-1)
    np.testing.assert_allclose(np.square(full).sum(axis=-1), energy, rtol=1e-12)


@pytest.mark.parametrize("taps", [3, 100, 600, 900])
@pytest.mark.parametrize("place", [0, 1, 299, 598, 599])
def test_no_output_depends_on_a_later_input(taps: int, place: int) -> None:
    u, k = draw(3, 600), draw(3, taps, seed=1)
    changed = u.copy()
    changed[:, place] += 1
    difference = longwing.long_conv(changed, k) - longwing.long_conv(u, k)
    reach = min(taps, 600 - place)
    assert np.abs(difference[:, :place]).max(initial=0) <= 1e-12
    np.testing.assert_allclose(difference[:, place : place + reach], k[:, :reach], atol=1e-12)
    assert np.abs(difference[:, place + reach :]).max(initial=0) <= 1e-12


@pytest.mark.parametrize(("length", "taps"), SIZES)
def test_convolution_commutes(length: int, taps: int) -> None:
    u, k = draw(2, length), draw(2, taps, seed=1)
    close(longwing.long_conv(u, k, mode="full"), longwing.long_conv(k, u, mode="full"), length + taps)


@pytest.mark.parametrize(("length", "taps"), SIZES)
def test_backward_is_the_adjoint(length: int, taps: int) -> None:
    u, k, dy = draw(2, length), draw(2, taps, seed=1), draw(2, length, seed=2)
    plan = longwing.plan(length=length, filter_length=taps, channels=2, dtype="float64")
    spectrum = plan.spectrum(k)
    gradients = plan.backward(dy, u, spectrum)
    inner = np.vdot(dy, plan.forward(u, spectrum))
    scale = np.linalg.norm(dy) * np.linalg.norm(u) * np.linalg.norm(k)
    assert abs(inner - np.vdot(gradients.u, u)) <= 1e-13 * scale
    assert abs(inner - np.vdot(gradients.k, k)) <= 1e-13 * scale


@pytest.mark.parametrize("lengths", [range(1, 257), range(257, 513), range(2000, 2101)])
@pytest.mark.parametrize("mode", ["circular", "full"])
def test_every_length_folded_and_whole(lengths: range, mode: Any) -> None:
    rng = np.random.default_rng(lengths.start)
    for length in lengths:
        u, k = rng.standard_normal((2, length)).astype("float32"), rng.standard_normal((2, length)).astype("float32")
        size = length if mode == "circular" else 2 * length - 1
        expected = np.fft.irfft(np.fft.rfft(u.astype("float64"), size) * np.fft.rfft(k.astype("float64"), size), size)
        # Two outputs may cancel; what is judged is the error against the size of the terms.
        y = longwing.long_conv(u, k, mode=mode)
        scale = max(np.linalg.norm(expected), np.linalg.norm(u) * np.linalg.norm(k) / np.sqrt(2))
        assert np.linalg.norm(y - expected) / scale <= testing.tolerance("float32", max(size, 8)), length


def random_sizes() -> list[tuple[int, int, str]]:
    rng = np.random.default_rng(12)
    largest = [2**13, 2**14, 2**15, 2**16, 2**17, 2**18, 2**20, 2**22]
    lengths = [int(rng.integers(n // 2, n)) for n in largest]
    return [(n, int(2 ** rng.uniform(0, np.log2(n))), MODES[i % 5]) for i, n in enumerate(lengths)]


@pytest.mark.parametrize(("length", "taps", "mode"), random_sizes())
def test_random_sizes(length: int, taps: int, mode: Any) -> None:
    u, k = draw(1, length, dtype="float32"), draw(1, taps, dtype="float32", seed=1)
    y = longwing.long_conv(u, k, mode=mode)
    testing.assert_close(y, testing.reference(u, k, mode=mode), dtype="float32", n=length)


@pytest.mark.parametrize(
    ("length", "taps"), [(1, 1), (1, 5000), (2, 9000), (2, 100_000), (100_000, 1), (7, 20_000), (20_000, 7)]
)
@pytest.mark.parametrize("mode", MODES)
def test_filters_much_longer_and_much_shorter_than_the_signal(length: int, taps: int, mode: Any) -> None:
    u, k = draw(2, length, dtype="float32"), draw(2, taps, dtype="float32", seed=1)
    y, expected = longwing.long_conv(u, k, mode=mode), testing.reference(u, k, mode=mode)
    scale = max(np.linalg.norm(expected), np.linalg.norm(u) * np.linalg.norm(k) / np.sqrt(length + taps))
    assert y.shape == expected.shape
    assert np.linalg.norm(y - expected) / scale <= testing.tolerance("float32", length + taps)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("shape", [(0, 3, 50), (2, 0, 3, 50)])
def test_an_empty_batch_gives_an_empty_result_in_every_mode(shape: Any, mode: Any) -> None:
    u, k = np.empty(shape, "float32"), draw(3, 20, dtype="float32")
    assert longwing.long_conv(u, k, mode=mode).shape == (*shape[:-1], testing.reference(u, k, mode=mode).shape[-1])
    bank = longwing.long_conv(u, np.stack([k] * 4), mode=mode, filter_bank=True)
    assert bank.shape[:-1] == (*shape[:-2], 4, 3)
    assert longwing.long_conv(u, np.empty((0, 3, 20), "float32"), mode=mode, filter_bank=True).size == 0


def test_an_empty_batch_has_zero_gradients() -> None:
    u = np.empty((0, 3, 50), "float32")
    plan = longwing.plan(length=50, filter_length=20, channels=3)
    gradients = plan.backward(u, u, plan.spectrum(draw(3, 20)), skip=np.ones(3, "float32"))
    assert gradients.u.shape == u.shape
    assert gradients.k.shape == (3, 20)
    assert not gradients.k.any()
    assert not gradients.skip.any()


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
@pytest.mark.parametrize("mode", ["circular", "same", "full", "valid"])
@pytest.mark.parametrize(("length", "taps"), [(40, 7), (500, 500), (5003, 5000), (9000, 60)])
def test_rows_are_isolated_in_every_mode(length: int, taps: int, mode: Any, dtype: str) -> None:
    u, k = draw(3, 4, length, dtype=dtype), draw(4, taps, dtype=dtype, seed=1)
    clean = longwing.long_conv(u, k, mode=mode)
    for poison in (np.nan, np.inf, 6e4):
        dirty = u.copy()
        dirty[1, 2, length // 2] = poison
        y = longwing.long_conv(dirty, k, mode=mode)
        y[1, 2] = clean[1, 2]
        assert np.array_equal(y, clean)
    taps_dirty = k.copy()
    taps_dirty[2, taps // 2] = np.nan
    y = longwing.long_conv(u, taps_dirty, mode=mode)
    assert np.isnan(y[:, 2]).any()
    y[:, 2] = clean[:, 2]
    assert np.array_equal(y, clean)


@pytest.mark.parametrize("length", [40, 500, 5003])
def test_banks_samples_and_groups_do_not_change_bits(length: int) -> None:
    u, k = draw(4, 6, length, dtype="float32"), draw(4, 3, length, dtype="float32", seed=1)
    bank = longwing.long_conv(u, k, filter_bank=True)
    samples = longwing.long_conv(u, k)
    for c in range(4):
        assert np.array_equal(bank[:, c], longwing.long_conv(u, k[c]))
        assert np.array_equal(samples[c], longwing.long_conv(u[c], k[c]))
    assert np.array_equal(longwing.long_conv(u, np.repeat(k[0], 2, axis=0)), longwing.long_conv(u, k[0]))


def test_any_number_of_leading_axes_is_one_batch() -> None:
    u, k = draw(2, 1, 3, 2, 4, 100, dtype="float32"), draw(4, 30, dtype="float32", seed=1)
    flat = longwing.long_conv(u.reshape(-1, 4, 100), k)
    assert np.array_equal(longwing.long_conv(u, k), flat.reshape(u.shape))
    assert np.array_equal(longwing.long_conv(u[0, 0, 0, 0], k), flat[0])
