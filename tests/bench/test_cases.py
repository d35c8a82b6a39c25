"""The table of shapes, and the arrays and right results made from it."""

from __future__ import annotations

import longwing
import numpy
import pytest

from bench import cases, problem
from bench.cases import CASES, FEATURES, Case

SMALL = Case(2, 16, 40, taps=40)


def test_names_differ() -> None:
    assert len({case.name for case in CASES}) == len(CASES)


def test_the_table_holds_every_shape_of_the_bars() -> None:
    shapes = {(case.batch, case.channels, case.length) for case in cases.POWERS}
    assert shapes == {
        (1, 64, 1024),
        (8, 64, 1024),
        (4, 64, 4096),
        (4, 32, 16384),
        (2, 16, 65536),
        (1, 8, 262144),
        (1, 2, 1048576),
        (1, 1, 4194304),
    }
    assert {case.length for case in cases.ODD} == {64, 100, 1000, 14113, 100003, 720001}
    far_shorter = {(case.length, case.filter_length) for case in cases.SHORT if case.length >= 2**20}
    assert far_shorter == {(n, k) for n in (2**20, 2**24) for k in (1024, 65536)}
    for dtype in ("float64", "float16", "bfloat16"):
        assert {(c.batch, c.channels, c.length) for c in CASES if c.dtype == dtype} == shapes
    assert {(c.batch, c.channels, c.length) for c in CASES if c.threads == 2} == shapes


@pytest.mark.parametrize("threads", [1, 2])
def test_the_short_run_has_cases_of_every_kind(threads: int) -> None:
    chosen = cases.choose(threads=threads, smoke=True)
    assert chosen
    if threads == 1:
        assert {case.dtype for case in chosen} >= {"float32", "float64", "bfloat16"}
        assert any(case.features for case in chosen)
        assert any(case.filter_length < case.length for case in chosen)


def test_a_name_chooses_its_case_alone_and_a_text_all_that_contain_it() -> None:
    exact = cases.choose(threads=1, only=("1,1,1048576 K=1024",))
    assert [case.name for case in exact] == ["1,1,1048576 K=1024"]
    assert len(cases.choose(threads=1, only=("float64",))) == 8
    assert not cases.choose(threads=1, only=("nothing is called so",))
    assert [case.name for case in cases.choose(threads=1, only=("1,64,1024",))] == ["1,64,1024"]


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16"])
def test_values_are_exact_in_their_dtype(dtype: str) -> None:
    made = problem.make(Case(2, 3, 50, dtype=dtype))
    assert made.u.dtype == (numpy.float64 if dtype == "float64" else numpy.float32)
    if dtype == "float16":
        assert numpy.array_equal(made.u, made.u.astype(numpy.float16).astype(numpy.float32))
    if dtype == "bfloat16":
        assert not (made.u.view(numpy.uint32) & 0xFFFF).any()
        assert numpy.std(made.u) == pytest.approx(1, abs=0.2)


@pytest.mark.parametrize("feature", FEATURES)
def test_every_feature_is_computed_by_longwing_and_changes_the_result(feature: str) -> None:
    case = Case(2, 16, 40, features=(feature,))
    made = problem.make(case)
    right = problem.expected(made, ("full",))["full"]
    y = longwing.long_conv(made.u, made.k, **made.arguments)
    assert y.size == case.samples
    assert problem.relative_error(y, right) < 1e-6
    if feature == "channels-last":
        assert made.u.strides[1] < made.u.strides[2]
        return
    plain = problem.make(Case(2, 16, 40))
    assert numpy.array_equal(plain.u, made.u)
    unlike = longwing.long_conv(plain.u, plain.k)
    assert unlike.shape != y.shape or not numpy.allclose(unlike, y)


def test_training_is_judged_by_gradients_too() -> None:
    made = problem.make(SMALL)
    y, du, dk = problem.expected(made, ("train",))["train"]
    assert problem.relative_error((y, du, dk), (y, du, dk)) == 0
    assert problem.relative_error((y, du, -dk), (y, du, dk)) == pytest.approx(2)
    assert problem.relative_error((y, du, dk * numpy.nan), (y, du, dk)) == numpy.inf
    with pytest.raises(ValueError, match="zip"):
        problem.relative_error((y, du), (y, du, dk))


@pytest.mark.parametrize("spoil", [lambda y: 0 * y, lambda y: numpy.roll(y, 1, -1), lambda y: numpy.float32(1.001) * y])
def test_wrong_results_are_far_off(spoil: object) -> None:
    made = problem.make(SMALL)
    (y,) = problem.expected(made, ("full",))["full"]
    assert problem.relative_error(spoil(y), (y,)) > 1e-4  # type: ignore[operator]


def test_a_result_of_another_shape_is_an_error() -> None:
    with pytest.raises(ValueError, match="shape"):
        problem.relative_error(numpy.zeros((2, 3)), (numpy.zeros((3, 2)),))
