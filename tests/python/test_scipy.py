"""longwing.scipy against scipy.signal: values, dtypes, shapes and exceptions."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import longwing
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from longwing import scipy as ours

theirs = pytest.importorskip("scipy.signal", reason="scipy is not installed")

MODES = ("full", "same", "valid")
DTYPES = ("?", "b", "B", "i", "l", "L", "e", "f", "d", "g", "F", "D", "G")
Pair = tuple[Any, Any]


def draw(rng: np.random.Generator, shape: tuple[int, ...], dtype: str) -> Any:
    if np.dtype(dtype).kind in "biuO":
        return rng.integers(0, 2 if dtype == "?" else 9, shape).astype(dtype)
    x = rng.standard_normal(shape)
    return (x + 1j * rng.standard_normal(shape)).astype(dtype) if dtype in "FDG" else x.astype(dtype)


def epsilon(*arrays: Any) -> float:
    """Return the coarsest precision that scipy computes any of `arrays` in: each one is transformed in its own."""
    computed = [{"e": "f"}.get(a.dtype.char, a.dtype.char) if a.dtype.kind in "fc" else "d" for a in arrays]
    return max(float(np.finfo(c).eps) for c in computed)


def assert_agrees(actual: Any, expected: Any, in1: Any, in2: Any) -> None:
    """Same type, dtype and shape; integers equal; else an error that is small beside the product of the norms."""
    assert type(actual) is type(expected)
    assert actual.dtype == expected.dtype
    assert actual.shape == expected.shape
    if expected.dtype.kind in "iub":
        np.testing.assert_array_equal(actual, expected)
        return
    wide = [np.asarray(a).astype(np.clongdouble) for a in (actual - expected, in1, in2)]
    error, norm1, norm2 = (float(np.sqrt(np.sum(np.abs(w) ** 2))) for w in wide)
    result = np.finfo(expected.dtype).eps if expected.dtype.kind in "fc" else 0.0
    assert error <= 30 * max(epsilon(in1, in2), float(result)) * norm1 * norm2


def outcome(call: Callable[[], Any]) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return call()
        except (ValueError, TypeError) as error:
            return error


def assert_same_outcome(name: str, in1: Any, in2: Any, **arguments: Any) -> None:
    expected = outcome(lambda: getattr(theirs, name)(in1, in2, **arguments))
    actual = outcome(lambda: getattr(ours, name)(in1, in2, **arguments))
    if isinstance(expected, Exception):
        assert isinstance(actual, type(expected)), (actual, expected)
    else:
        assert not isinstance(actual, Exception), actual
        assert_agrees(actual, expected, np.asarray(in1), np.asarray(in2))


@st.composite
def pairs(draw_: Any, dtypes: tuple[str, ...] = DTYPES) -> tuple[Pair, list[int] | None]:
    """Draw two arrays, of any strides, and axes; shapes that broadcast along the other axes are likely, not certain."""
    rank = draw_(st.integers(1, 4))
    lengths = st.lists(st.integers(1, 7), min_size=rank, max_size=rank)
    shape1, shape2 = draw_(lengths), draw_(lengths)
    axes = draw_(st.none() | st.permutations(range(rank)).flatmap(lambda p: st.integers(1, rank).map(lambda n: p[:n])))
    for a in range(rank):
        if axes is not None and a not in axes:
            shape1[a], shape2[a] = draw_(
                st.sampled_from([(shape1[a], shape1[a]), (1, shape2[a]), (shape1[a], 1), (shape1[a], shape2[a])])
            )
    rng = np.random.default_rng(draw_(st.integers(0, 2**32)))
    arrays = [draw(rng, tuple(s), draw_(st.sampled_from(dtypes))) for s in (shape1, shape2)]
    layouts = [lambda x: x, lambda x: x[::-1], np.asfortranarray, lambda x: np.repeat(x, 2, -1)[..., ::2]]
    in1, in2 = (draw_(st.sampled_from(layouts))(x) for x in arrays)
    return (in1, in2), axes


@settings(max_examples=400, deadline=None)
@given(pairs(), st.sampled_from(MODES), st.sampled_from(["fftconvolve", "oaconvolve"]))
def test_transforms_agree_with_scipy(case: tuple[Pair, list[int] | None], mode: str, name: str) -> None:
    (in1, in2), axes = case
    assert_same_outcome(name, in1, in2, mode=mode, axes=axes)


@settings(max_examples=400, deadline=None)
@given(
    pairs(tuple(d for d in DTYPES if d not in "?e")),
    st.sampled_from(MODES),
    st.sampled_from(["convolve", "correlate"]),
    st.sampled_from(["auto", "direct", "fft"]),
)
def test_every_method_agrees_with_scipy(case: tuple[Pair, list[int] | None], mode: str, name: str, method: str) -> None:
    (in1, in2), _ = case
    assert_same_outcome(name, in1, in2, mode=mode, method=method)


@settings(max_examples=100, deadline=None)
@given(pairs(("?", "e", "O", "h", "D")), st.sampled_from(MODES), st.sampled_from(["convolve", "correlate"]))
def test_direct_refuses_what_scipy_refuses(case: tuple[Pair, list[int] | None], mode: str, name: str) -> None:
    (in1, in2), _ = case
    expected = outcome(lambda: getattr(theirs, name)(in1, in2, mode, "direct"))
    actual = outcome(lambda: getattr(ours, name)(in1, in2, mode, "direct"))
    assert isinstance(actual, ValueError) == isinstance(expected, ValueError)


@pytest.mark.parametrize("dtype1", [*DTYPES, "O"])
@pytest.mark.parametrize("name", ["fftconvolve", "convolve", "correlate"])
def test_dtype_of_every_pair(name: str, dtype1: str) -> None:
    method = {} if name == "fftconvolve" else {"method": "fft"}
    for dtype2 in [*DTYPES, "O"]:
        in1, in2 = np.ones((3, 3), dtype1), np.ones((2, 2), dtype2)
        expected = getattr(theirs, name)(in1, in2, **method)
        assert getattr(ours, name)(in1, in2, **method).dtype == expected.dtype


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", ["f", "d", "F", "D"])
@pytest.mark.parametrize(
    ("shape1", "shape2", "axes"),
    [
        ((5000,), (37,), None),
        ((37,), (5000,), None),
        ((2048,), (2048,), None),
        ((3, 700), (1, 90), 1),
        ((700, 3), (90, 1), 0),
        ((2, 1, 4, 300), (1, 3, 4, 80), -1),
        ((1, 3, 4, 80), (2, 1, 4, 300), -1),
        ((60, 50), (9, 8), None),
        ((9, 8), (60, 50), None),
        ((60, 5, 50), (8, 1, 9), (2, 0)),
        ((12, 11, 10), (4, 5, 6), None),
    ],
)
def test_layouts_of_rows(shape1: Any, shape2: Any, axes: Any, dtype: str, mode: str) -> None:
    rng = np.random.default_rng(0)
    assert_same_outcome("fftconvolve", draw(rng, shape1, dtype), draw(rng, shape2, dtype), mode=mode, axes=axes)


@pytest.mark.parametrize("name", ["fftconvolve", "oaconvolve", "convolve", "correlate"])
@pytest.mark.parametrize(
    ("in1", "in2"),
    [
        ([1, 2, 3], [4, 5]),
        ((1.5, 2), [[1], [2]]),
        (3, 4),
        (3.0, 4j),
        (np.float32(3), np.int8(2)),
        (True, False),
        (np.array(2), np.array([2.0])),
        ([[1, 2]], np.ones((1, 1))),
        ([1], [2j]),
    ],
)
def test_lists_scalars_and_arrays_without_dimensions(name: str, in1: Any, in2: Any) -> None:
    assert_same_outcome(name, in1, in2)


@pytest.mark.parametrize("name", ["fftconvolve", "oaconvolve"])
@pytest.mark.parametrize("shapes", [((0,), (0,)), ((2,), (0,)), ((0, 3), (2, 3)), ((2, 3), (1, 0))])
def test_empty_input_gives_an_empty_array(name: str, shapes: Any) -> None:
    result = getattr(ours, name)(np.ones(shapes[0], "f"), np.ones(shapes[1], "f"), mode="nonsense", axes=[9])
    assert result.dtype == np.float64
    assert result.shape == (0,)


@pytest.mark.parametrize("method", ["auto", "direct"])
@pytest.mark.parametrize("shapes", [((0,), (0,)), ((2,), (0,)), ((0, 3), (2, 3))])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["convolve", "correlate"])
def test_direct_sums_refuse_an_empty_input(name: str, mode: Any, method: Any, shapes: Any) -> None:
    which = "in1" if 0 in shapes[0] else "in2"
    with pytest.raises(longwing.LongwingValueError, match=rf"{which} must not be empty .* got shape \(0,"):
        getattr(ours, name)(np.ones(shapes[0]), np.ones(shapes[1]), mode=mode, method=method)


@pytest.mark.parametrize("name", ["convolve", "correlate"])
@pytest.mark.parametrize("shapes", [((0,), (0,)), ((2,), (0,)), ((0, 3), (2, 3))])
@pytest.mark.parametrize("dtype", ["i", "f", "d", "D"])
def test_a_transform_of_an_empty_input_is_empty(name: str, shapes: Any, dtype: str) -> None:
    result = getattr(ours, name)(np.ones(shapes[0], dtype), np.ones(shapes[1], dtype), method="fft")
    assert (result.shape, result.dtype) == ((0,), np.dtype(dtype))


BAD_CALLS: list[tuple[str, tuple[Any, Any], dict[str, Any]]] = [
    ("fftconvolve", ([1], 2), {}),
    ("fftconvolve", ([3], [[2]]), {}),
    ("fftconvolve", ([1, 2], [2, 3]), {"mode": "chips"}),
    ("fftconvolve", ([1], [2]), {"mode": 2}),
    ("fftconvolve", ([1], [2]), {"axes": []}),
    ("fftconvolve", ([1], [2]), {"axes": 1.0}),
    ("fftconvolve", ([1], [2]), {"axes": [[0, 1]]}),
    ("fftconvolve", ([1], [2]), {"axes": 1}),
    ("fftconvolve", ([1], [2]), {"axes": -2}),
    ("fftconvolve", ([1], [2]), {"axes": [0, -1]}),
    ("fftconvolve", (np.ones((5, 2)), np.ones((5, 3))), {"axes": 0}),
    ("fftconvolve", (np.ones((2, 3)), np.ones((3, 2))), {"mode": "valid"}),
    ("fftconvolve", (["a", "b"], [1, 2]), {}),
    ("fftconvolve", (np.array([1j, 2], object), [1, 2]), {}),
    ("convolve", ([1], 2), {}),
    ("convolve", ([1], [2]), {"mode": "spam"}),
    ("convolve", ([1], [2]), {"mode": "spam", "method": "direct"}),
    ("convolve", ([1], [2]), {"method": "bacon"}),
    ("convolve", (np.ones((2, 3)), np.ones((3, 2))), {"mode": "valid", "method": "direct"}),
    ("correlate", ([1], 2), {}),
    ("correlate", ([1], [2]), {"mode": "spam", "method": "fft"}),
    ("correlate", ([1], [2]), {"method": "bacon"}),
    ("correlate", (np.ones((2, 3)), np.ones((3, 2))), {"mode": "valid"}),
]


@pytest.mark.parametrize(("name", "arrays", "arguments"), BAD_CALLS)
def test_bad_calls_raise_scipys_type(name: str, arrays: Pair, arguments: dict[str, Any]) -> None:
    expected = outcome(lambda: getattr(theirs, name)(*arrays, **arguments))
    assert isinstance(expected, Exception)
    with pytest.raises(type(expected)):
        getattr(ours, name)(*arrays, **arguments)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: ours.fftconvolve([1], [2], "chips"), "acceptable mode flags .* got mode='chips'"),
        (lambda: ours.convolve([1], [2], method="bacon"), "acceptable method flags .* got method='bacon'"),
        (lambda: ours.fftconvolve([1], [[2]]), "same dimensionality, got 1 and 2"),
        (lambda: ours.fftconvolve([1], [2], axes=[3]), r"exceeds dimensionality of input, got axes=\[3\]"),
        (
            lambda: ours.convolve(np.ones((2, 2), "e"), np.ones((2, 2), "e"), method="direct"),
            "not available for dtype",
        ),
    ],
)
def test_errors_are_longwings_and_name_the_value(call: Callable[[], Any], words: str) -> None:
    with pytest.raises(longwing.LongwingValueError, match=words):
        call()


@pytest.mark.parametrize("method", ["direct", "auto"])
@pytest.mark.parametrize("shape", [(3,), (2, 2)])
@pytest.mark.parametrize("dtype", ["int64", "uint64"])
def test_large_integers_are_summed_exactly_modulo_their_width(shape: Any, dtype: str, method: Any) -> None:
    in1 = np.arange(np.prod(shape)).reshape(shape).astype(dtype) + 2**61 + 1
    in2 = np.arange(np.prod(shape)).reshape(shape).astype(dtype) + 2**40 + 3
    exact = np.zeros([2 * n - 1 for n in shape], object)
    for i in np.ndindex(shape):
        for j in np.ndindex(shape):
            exact[tuple(np.add(i, j))] += int(in1[i]) * int(in2[j])
    expected = (exact % 2**64).astype("uint64").astype(dtype)
    np.testing.assert_array_equal(ours.convolve(in1, in2, method=method), expected)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "uint32", "bool"])
def test_transformed_integers_are_those_of_direct_sums(dtype: str) -> None:
    rng = np.random.default_rng(1)
    in1, in2 = (rng.integers(0, 2 if dtype == "bool" else 100, n).astype(dtype) for n in (300, 40))
    np.testing.assert_array_equal(ours.convolve(in1, in2, method="fft"), np.convolve(in1, in2))


@pytest.mark.parametrize("number", [Fraction, Decimal])
def test_objects_are_summed_as_they_are(number: Any) -> None:
    in1, in2 = (np.array([number(n) / 8 for n in range(m)], object) for m in (5, 3))
    np.testing.assert_array_equal(ours.convolve(in1, in2), np.convolve(in1, in2))


@pytest.mark.parametrize("dtype", [np.longdouble, np.clongdouble])
@pytest.mark.parametrize("shape", [(301,), (17, 13)])
def test_longdouble_keeps_its_accuracy(dtype: Any, shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(2)
    in1, in2 = (rng.standard_normal(shape).astype(dtype) / 3 for _ in range(2))
    direct, result = ours.convolve(in1, in2, method="direct"), ours.fftconvolve(in1, in2)
    assert result.dtype == dtype
    assert np.abs(result - direct).max() <= 100 * np.finfo(dtype).eps * np.abs(direct).max()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_transform_of_what_is_not_finite_warns(bad: float) -> None:
    signal = np.ones(1000)
    signal[900] = bad
    with pytest.warns(RuntimeWarning, match="Use of fft convolution on input with NAN or inf") as record:
        ours.convolve(signal, np.ones(200), method="fft")
    assert record[0].filename == __file__


def test_rows_do_not_reach_each_other() -> None:
    rng = np.random.default_rng(3)
    in1, in2 = rng.standard_normal((3, 500)), rng.standard_normal((1, 400))
    expected = ours.fftconvolve(in1, in2, axes=1)
    in1[1, 7] = np.nan
    result = ours.fftconvolve(in1, in2, axes=1)
    assert np.isnan(result[1]).any()
    np.testing.assert_array_equal(result[[0, 2]], expected[[0, 2]])


@pytest.mark.parametrize(
    "make",
    [
        lambda x: x.astype(x.dtype.newbyteorder(">")),
        lambda x: np.frombuffer(b"\0" + x.tobytes(), np.uint8)[1:].view(x.dtype),
        lambda x: np.rec.fromarrays([x, np.zeros(x.size, "i1")])["f0"],
        lambda x: np.broadcast_to(x[:1], x.shape),
        lambda x: x[::-2],
        lambda x: np.ma.masked_array(x, x > 0),
    ],
    ids=["byte order", "unaligned", "odd stride", "broadcast", "negative stride", "masked"],
)
@pytest.mark.parametrize("dtype", ["f", "d", "D"])
def test_any_memory_is_taken_and_left_alone(make: Callable[[Any], Any], dtype: str) -> None:
    x = make(draw(np.random.default_rng(4), (50,), dtype))
    before = x.copy()
    assert_same_outcome("fftconvolve", x, np.ones(7, dtype))
    assert_same_outcome("fftconvolve", np.ones(90, dtype), x, mode="same", axes=[0])
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize(
    ("in1", "in2", "method"),
    [
        (np.ones(10**5, bool), np.ones(10**5, bool), "direct"),
        (np.ones(10**4, object), np.ones(10**4, object), "direct"),
        (np.array([2**51]), np.array([2]), "direct"),
        (np.full(10**5, 2**20), np.full(10**5, 2**16), "direct"),
        (np.full(10**5, -128, np.int8), np.full(10**5, -128, np.int8), "fft"),
        (np.full(10**5, np.nan), np.ones(10**5, int), "direct"),
        (3, 4, "direct"),
        ([1.0, 2.0], [3.0], "direct"),
        (np.ones(10**5), np.ones(10**5), "fft"),
        (np.ones((500, 500)), np.ones((40, 40)), "fft"),
        (np.ones((2, 2), "e"), np.ones((2, 2), "e"), "fft"),
    ],
)
def test_choice_keeps_exactness_and_takes_the_transform_for_long_inputs(in1: Any, in2: Any, method: str) -> None:
    assert ours.choose_conv_method(in1, in2) == method


def test_measured_choice_is_the_one_that_took_less_time() -> None:
    method, times = ours.choose_conv_method(np.ones(30), np.ones(20), measure=True)
    assert set(times) == {"fft", "direct"}
    assert times[method] == min(times.values()) > 0


def test_float16_of_several_dimensions_is_transformed_where_scipy_may_fail() -> None:
    in1, in2 = np.ones((3, 3), "e"), np.ones((2, 2), "e")
    assert_agrees(ours.convolve(in1, in2), theirs.convolve(in1, in2, method="fft"), in1, in2)


def test_scipy_is_not_imported() -> None:
    code = (
        "import sys, numpy, longwing.scipy as s; s.convolve([1, 2], [3]); s.fftconvolve(numpy.ones((2, 2), 'g'), [[1, 2]]);"
        "sys.exit('scipy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("wrong", [lambda y: 0 * y, lambda y: np.roll(y, 1), lambda y: y.conj(), lambda y: y.astype("F")])
def test_comparison_rejects(wrong: Callable[[Any], Any]) -> None:
    in1, in2 = (draw(np.random.default_rng(5), (20,), "D") for _ in range(2))
    expected = np.convolve(in1, in2)
    with pytest.raises(AssertionError):
        assert_agrees(wrong(expected), expected, in1, in2)
