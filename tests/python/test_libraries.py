"""Arrays of every library: what comes back, and what is refused by name."""

from __future__ import annotations

from typing import Any

import array_api_strict as strict
import longwing
import numpy as np
import pytest
from longwing import testing

ml_dtypes = pytest.importorskip("ml_dtypes", reason="ml_dtypes is not installed")


def draw(*shape: int, dtype: Any = "float32", seed: int = 0) -> Any:
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


class Exporter:
    """An array of a library of its own, on a device of one's choice: what CuPy's look like where there is no CuPy."""

    def __init__(self, device: Any = (1, 0), capsule: Any = None) -> None:
        self.dlpack_device, self.capsule = device, capsule

    def __array_namespace__(self) -> Any:
        return np

    def __dlpack_device__(self) -> Any:
        if isinstance(self.dlpack_device, BaseException):
            raise self.dlpack_device
        return self.dlpack_device

    def __dlpack__(self, **_: Any) -> Any:
        if isinstance(self.capsule, BaseException):
            raise self.capsule
        return self.capsule


class Legacy(Exporter):
    """A producer from before DLPack 1.0: no max_version, and a capsule that can't say whether memory is read-only."""

    device = "cpu"

    def __init__(self, array: Any) -> None:
        super().__init__()
        self.array = array

    def __dlpack__(self) -> Any:
        return self.array.__dlpack__()


@pytest.mark.parametrize("u_dtype", ["float32", "float64"])
@pytest.mark.parametrize("k_dtype", ["float32", "float64"])
def test_array_api_strict_gives_its_own_arrays(u_dtype: str, k_dtype: str) -> None:
    u, k = draw(2, 3, 100, dtype=u_dtype), draw(3, 40, dtype=k_dtype, seed=1)
    y = longwing.long_conv(strict.asarray(u), strict.asarray(k))
    assert type(y) is type(strict.asarray(u))
    assert y.dtype == getattr(strict, u_dtype)
    assert np.array_equal(np.from_dlpack(y), longwing.long_conv(u, k))


def test_array_api_strict_results_are_on_the_device_of_u() -> None:
    device = strict.Device("device1")
    u, k = (strict.asarray(a, device=device) for a in (draw(3, 9), draw(3, 9)))
    assert longwing.long_conv(u, k).device == device


def test_array_api_strict_takes_out() -> None:
    u, k = strict.asarray(draw(3, 20)), strict.asarray(draw(3, 20, seed=1))
    out = strict.zeros((3, 20), dtype=strict.float32)
    assert longwing.long_conv(u, k, out=out) is out
    assert strict.all(out == longwing.long_conv(u, k))


def test_a_producer_without_versions_can_be_read_and_not_written() -> None:
    u, k = draw(3, 20), draw(3, 20, seed=1)
    assert np.array_equal(longwing.long_conv(Legacy(u), Legacy(k)), longwing.long_conv(u, k))
    with pytest.raises(longwing.LongwingTypeError, match="out must be writable"):
        longwing.long_conv(Legacy(u), Legacy(k), out=Legacy(np.zeros_like(u)))


@pytest.mark.parametrize(
    ("array", "error", "words"),
    [
        (Exporter(device=(2, 0)), longwing.LongwingRuntimeError, ("cuda", "CPU")),
        (Exporter(device=(13, 1)), longwing.LongwingRuntimeError, ("cuda", "CPU")),
        (Exporter(device=(10, 0)), longwing.LongwingTypeError, ("device type 10", "CPU")),
        (Exporter(device="cpu"), longwing.LongwingTypeError, ("device", "CPU")),
        (Exporter(device=("cpu", 0)), longwing.LongwingTypeError, ("Exporter",)),
        (Exporter(device=ValueError("a device without a number")), longwing.LongwingTypeError, ("without a number",)),
        (Exporter(capsule=BufferError("no strides like these")), longwing.LongwingTypeError, ("no strides like these",)),
        (Exporter(capsule=TypeError("no such keyword")), longwing.LongwingTypeError, ("no such keyword",)),
        (Exporter(capsule=None), longwing.LongwingTypeError, ("capsule",)),
        (np.ma.masked_array(draw(3, 9)), longwing.LongwingTypeError, ("mask", "filled")),
        (np.float32(1), longwing.LongwingTypeError, ("float32",)),
        (draw(3, 9).astype(ml_dtypes.bfloat16), longwing.LongwingTypeError, ("numpy.ndarray", "bfloat16")),
        (draw(3, 9).astype(ml_dtypes.float8_e4m3fn), longwing.LongwingTypeError, ("numpy.ndarray",)),
        (draw(3, 9).astype("longdouble"), longwing.LongwingTypeError, ("longdouble",)),
        (np.array([[1.0, None]]), longwing.LongwingTypeError, ("numpy.ndarray",)),
        (np.zeros(9, [("a", "f4"), ("b", "u1")])["a"][None], longwing.LongwingTypeError, ("strides",)),
        (None, longwing.LongwingTypeError, ("NoneType",)),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(array: Any, error: type[Exception], words: tuple[str, ...]) -> None:
    with pytest.raises(error) as caught:
        longwing.long_conv(array, draw(3, 9))
    assert str(caught.value).startswith(("u must be", "u: "))
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_a_keyboard_interrupt_of_a_producer_goes_on() -> None:
    with pytest.raises(KeyboardInterrupt):
        longwing.long_conv(Exporter(capsule=KeyboardInterrupt()), draw(3, 9))


@pytest.mark.parametrize("argument", ["k", "skip", "pre_gate", "post_gate", "reverse_filter", "out"])
def test_every_array_is_of_the_library_of_u(argument: str) -> None:
    values = {"skip": draw(3)}.get(argument, draw(3, 9))
    arrays = {"k": draw(3, 9), argument: strict.asarray(values)}
    message = rf"{argument} must be an array of u's library NumPy, got .* of array_api_strict"
    with pytest.raises(longwing.LongwingTypeError, match=message):
        longwing.long_conv(draw(3, 9), **arrays)


class Image(np.ndarray):
    """A subclass that keeps NumPy's memory."""


@pytest.mark.parametrize("cls", [Image, np.memmap])
def test_subclasses_of_ndarray_are_arrays(cls: Any, tmp_path: Any) -> None:
    u, k = draw(3, 50), draw(3, 50, seed=1)
    if cls is np.memmap:
        u.tofile(tmp_path / "u")
        view = np.memmap(tmp_path / "u", "float32", "r", shape=u.shape)
    else:
        view = u.view(cls)
    assert np.array_equal(longwing.long_conv(view, k), longwing.long_conv(u, k))


def test_a_result_is_an_ordinary_array() -> None:
    y = longwing.long_conv(draw(2, 3, 50), draw(3, 50))
    assert type(y) is np.ndarray
    assert y.flags.c_contiguous
    assert y.flags.writeable
    assert y.flags.owndata


# k's dtype is converted: the result has the bits that k, converted by NumPy first, would give.
@pytest.mark.parametrize("u_dtype", ["float32", "float64", "float16"])
@pytest.mark.parametrize("k_dtype", ["float32", "float64", "float16"])
@pytest.mark.parametrize(("length", "taps"), [(300, 300), (300, 3), (20, 50)])
def test_any_dtype_of_filters_and_skip_is_converted(u_dtype: str, k_dtype: str, length: int, taps: int) -> None:
    u = draw(2, 4, length, dtype=u_dtype)
    k, reverse, skip = (draw(*s, dtype=k_dtype, seed=i) for i, s in enumerate([(2, taps), (2, 7), (4,)]))
    computed = "float64" if u_dtype == "float64" else "float32"
    y = longwing.long_conv(u, k, reverse_filter=reverse, skip=skip)
    converted = [a.astype(computed) for a in (k, reverse, skip)]
    assert np.array_equal(y, longwing.long_conv(u, converted[0], reverse_filter=converted[1], skip=converted[2]))
    expected = testing.reference(u, converted[0], reverse_filter=converted[1], skip=converted[2])
    testing.assert_close(y, expected, dtype=u_dtype, n=2 * max(length, taps))
