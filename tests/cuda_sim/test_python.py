"""What stands between Python arrays and kernels, on the simulation: devices, streams, allocation, errors.

Needs the simulated plug-in of the C++ tests' build, as in
LONGWING_CUDA_LIBRARY=build/tests/cuda_sim/liblongwing_cuda_simulated.so python -m pytest tests/cuda_sim
"""

from __future__ import annotations

import ctypes
import os
import sys
import types
from typing import Any

import longwing
import numpy as np
import pytest
from longwing import testing

pytestmark = pytest.mark.skipif(
    "simulation" not in longwing.info()["backends"][1]["description"],
    reason="LONGWING_CUDA_LIBRARY does not name the simulated plug-in of the C++ tests",
)


class _Device(ctypes.Structure):
    _fields_ = (("type", ctypes.c_int32), ("index", ctypes.c_int32))


class _Versioned(ctypes.Structure):
    """The beginning of DLPack's versioned struct, as far as the device of its tensor."""

    _fields_ = (
        ("major", ctypes.c_uint32),
        ("minor", ctypes.c_uint32),
        ("manager", ctypes.c_void_p),
        ("deleter", ctypes.c_void_p),
        ("flags", ctypes.c_uint64),
        ("data", ctypes.c_void_p),
        ("device", _Device),
    )


_pointer_of = ctypes.pythonapi.PyCapsule_GetPointer
_pointer_of.restype, _pointer_of.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]


class FakeArray:
    """NumPy's memory, said to lie on a CUDA device: what an array of a GPU library looks like through DLPack."""

    def __init__(self, array: Any, device: int = 0) -> None:
        self.array, self.index = np.asarray(array), device
        self.streams: list[Any] = []

    @property
    def device(self) -> FakeDevice:
        return FakeDevice(self.index)

    def __array_namespace__(self) -> Any:
        return sys.modules[__name__]

    def __dlpack_device__(self) -> tuple[int, int]:
        return 2, self.index

    def __dlpack__(self, *, stream: Any = None, max_version: Any = None) -> Any:
        self.streams.append(stream)
        capsule = self.array.__dlpack__(max_version=(1, 0))
        managed = _Versioned.from_address(_pointer_of(capsule, b"dltensor_versioned"))
        managed.device = _Device(2, self.index)
        return capsule


class FakeDevice:
    """A device that is made current by `with`, as CuPy's are."""

    def __init__(self, index: int) -> None:
        self.index = index

    def __enter__(self) -> FakeDevice:
        entered.append(self.index)
        return self

    def __exit__(self, *_: object) -> None:
        return


entered: list[int] = []
float32, float64, float16 = "float32", "float64", "float16"


def empty(shape: tuple[int, ...], *, dtype: str, device: FakeDevice) -> FakeArray:
    """Of the array API standard, as the generic adapter calls it."""
    return FakeArray(np.empty(shape, dtype), device.index)


class CupyArray(FakeArray):
    """The same, taken for an array of CuPy."""

    __module__ = "cupy"

    def __array_namespace__(self) -> Any:
        return sys.modules["cupy"]


@pytest.fixture
def cupy(monkeypatch: pytest.MonkeyPatch) -> types.SimpleNamespace:
    """A module that looks like CuPy as far as the adapter looks; `stream` is its current stream."""
    module = types.ModuleType("cupy")
    module.stream = types.SimpleNamespace(ptr=0x5100)
    module.cuda = types.SimpleNamespace(get_current_stream=lambda: module.stream)
    module.float32 = "float32"
    module.empty = lambda shape, dtype: CupyArray(np.empty(shape, dtype), entered[-1])
    monkeypatch.setitem(sys.modules, "cupy", module)
    entered.clear()
    return module


def draw(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).standard_normal(shape).astype("float32")


@pytest.fixture
def device() -> Any:
    """The fake runtime: what was asked of it. It works as late as the order of streams allows."""
    runtime = ctypes.CDLL(os.environ["LONGWING_CUDA_LIBRARY"])
    runtime.fake_last_stream.restype = ctypes.c_size_t
    return runtime


def test_the_result_is_the_librarys_on_the_device_of_u() -> None:
    u, k = draw(2, 3, 100), draw(3, 40, seed=1)
    y = longwing.long_conv(FakeArray(u, 1), FakeArray(k, 1))
    assert isinstance(y, FakeArray)
    assert y.index == 1
    assert testing.relative_l2(y.array, testing.reference(u, k)) < 1e-6


def test_a_library_without_streams_gets_the_default_one_and_results_that_are_there(device: Any) -> None:
    u, k = FakeArray(draw(2, 3, 100)), FakeArray(draw(3, 40, seed=1))
    before = device.fake_waits()
    y = longwing.long_conv(u, k)
    assert u.streams == k.streams == [1]  # what DLPack calls the default stream; 0 would be ambiguous
    assert device.fake_last_stream(0) == 0
    assert device.fake_waits() == before + 1
    assert testing.relative_l2(y.array, testing.reference(u.array, k.array)) < 1e-6


@pytest.mark.parametrize(("handle", "number"), [(0, 1), (1, 1), (2, 2), (0x5100, 0x5100)])
def test_the_current_stream_of_cupy_carries_the_call(cupy: Any, device: Any, handle: int, number: int) -> None:
    cupy.stream.ptr = handle
    u, k = CupyArray(draw(2, 3, 100), 1), CupyArray(draw(3, 40, seed=1), 1)
    before = device.fake_waits()
    y = longwing.long_conv(u, k)
    assert u.streams == k.streams == [number]
    assert device.fake_last_stream(1) == handle
    assert device.fake_waits() == before
    assert y.index == 1
    device.fake_synchronize()
    assert testing.relative_l2(y.array, testing.reference(u.array, k.array)) < 1e-6


def test_out_is_written_and_returned() -> None:
    u, k = FakeArray(draw(2, 3, 50)), FakeArray(draw(3, 50, seed=1))
    out = FakeArray(np.zeros((2, 3, 50), "float32"))
    assert longwing.long_conv(u, k, out=out) is out
    assert testing.relative_l2(out.array, testing.reference(u.array, k.array)) < 1e-6


def test_plans_of_a_device() -> None:
    u, k, dy = draw(2, 3, 70), draw(3, 70, seed=1), draw(2, 3, 70, seed=2)
    plan = longwing.plan(length=70, filter_length=70, channels=3, device="cuda:1")
    assert plan.device == "cuda:1"
    assert "cuda:1, compute capability 9.0" in plan.explain()
    spectrum = plan.spectrum(FakeArray(k, 1))
    y = plan.forward(FakeArray(u, 1), spectrum)
    gradients = plan.backward(FakeArray(dy, 1), FakeArray(u, 1), spectrum)
    expected = testing.reference_gradients(dy, u, k)
    assert testing.relative_l2(y.array, testing.reference(u, k)) < 1e-6
    assert testing.relative_l2(gradients.u.array, expected.u) < 1e-6
    assert testing.relative_l2(gradients.k.array, expected.k) < 1e-6


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
def test_a_call_and_its_plan_give_the_same_bits(dtype: str) -> None:
    u, k = (FakeArray(array.astype(dtype)) for array in (draw(2, 3, 300), draw(3, 300, seed=1)))
    plan = longwing.plan(length=300, filter_length=300, channels=3, dtype=dtype, device="cuda")
    assert np.array_equal(longwing.long_conv(u, k).array, plan.forward(u, plan.spectrum(k)).array)


def test_arrays_of_two_devices_are_refused() -> None:
    with pytest.raises(longwing.LongwingTypeError, match=r"k must be on .*device cuda:0, got cuda:1"):
        longwing.long_conv(FakeArray(draw(3, 9)), FakeArray(draw(3, 9), 1))
    plan = longwing.plan(length=9, filter_length=9, channels=3, device="cuda:0")
    with pytest.raises(longwing.LongwingTypeError, match=r"k must be on .*device cuda:0, got cuda:1"):
        plan.spectrum(FakeArray(draw(3, 9), 1))


def test_a_device_that_does_not_exist_is_refused() -> None:
    with pytest.raises(longwing.LongwingRuntimeError, match="cuda:7 does not exist"):
        longwing.plan(length=9, filter_length=9, channels=3, device="cuda:7")


def test_a_library_that_tells_a_wrong_stream_is_refused(cupy: Any) -> None:
    cupy.stream.ptr = "first"
    with pytest.raises(longwing.LongwingTypeError, match="stream must be an integer"):
        longwing.long_conv(CupyArray(draw(3, 9)), CupyArray(draw(3, 9)))
