"""ListOps: the values are right, the grammar and its statistics are the paper's, and only the seed decides."""

from __future__ import annotations

import statistics
from pathlib import Path

import numpy as np
import pytest
import torch

from bench.tasks.data import DataError, load
from bench.tasks.data.listops import CLOSE, DIGIT, MAX, MED, MIN, PADDING, SM, Grammar, evaluate, generate

PAPER = Grammar(500, 2000, 10, 10)
SHORT = Grammar(4, 60, 5, 4)
APPLY = {MIN: min, MAX: max, MED: lambda v: int(statistics.median(v)), SM: lambda v: sum(v) % 10}


@pytest.fixture(scope="module")
def drawn() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return generate(10_000, PAPER, seed=3)


def value(tokens: list[int], at: int = 0, depth: int = 1) -> tuple[int, int, int, list[int]]:
    """Value, end, depth and numbers of arguments of the expression at `at`, by the definition."""
    if tokens[at] < MIN:
        return tokens[at] - DIGIT, at + 1, depth, []
    operator, at = tokens[at], at + 1
    values, deepest, counts = [], depth, []
    while tokens[at] != CLOSE:
        found, at, below, inner = value(tokens, at, depth + 1)
        values.append(found)
        deepest = max(deepest, below)
        counts += inner
    return APPLY[operator](values), at + 1, deepest, [*counts, len(values)]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ([SM, 9, 9, 9, CLOSE], 7),
        ([MED, 1, 2, CLOSE], 1),
        ([MED, 9, 1, 4, 4, CLOSE], 4),
        ([MED, 0, 3, 4, 9, CLOSE], 3),
        ([MED, 7, 1, 2, CLOSE], 2),
        ([MIN, 5, [MAX, 3, 8, CLOSE], 6, CLOSE], 5),
        ([MAX, [SM, 5, 6, CLOSE], [MIN, 9, 8, CLOSE], CLOSE], 8),
    ],
)
def test_known_values(written: list[object], expected: int) -> None:
    flat: list[int] = []

    def add(node: object) -> None:
        if isinstance(node, list):
            for part in node:
                add(part)
        else:
            assert isinstance(node, int)
            flat.append(node if node >= MIN else node + DIGIT)

    add(written)
    assert evaluate(np.array(flat, np.uint8), len(flat), 10, 10) == expected


@pytest.mark.parametrize(("grammar", "count"), [(PAPER, 200), (SHORT, 500)])
def test_values_depths_and_arguments_follow_the_definition(grammar: Grammar, count: int) -> None:
    tokens, lengths, values = generate(count, grammar, seed=0)
    arguments: set[int] = set()
    deepest = 0
    for row, length, expected in zip(tokens.tolist(), lengths.tolist(), values.tolist(), strict=True):
        found, end, depth, counts = value(row)
        assert (found, end) == (expected, length)
        assert row[length:] == [PADDING] * (len(row) - length)
        deepest = max(deepest, depth)
        arguments |= set(counts)
    assert deepest == grammar.max_depth
    assert arguments == set(range(2, grammar.max_arguments + 1))
    assert grammar.min_length < lengths.min() <= lengths.max() < grammar.max_length


def test_statistics_are_the_reference_s(drawn: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    tokens, lengths, values = drawn
    # 1,048 is reported; a program that draws nothing but lengths has 1,033, with a standard error of 4.
    assert abs(lengths.mean() - 1033) < 3 * np.hypot(4, lengths.std() / np.sqrt(len(lengths)))
    shares = np.bincount(values, minlength=10) / len(values)
    deviation = np.sqrt(0.17 * 0.83 / len(values))
    assert abs(shares[0] - 0.170) < 4 * deviation
    assert abs(shares[9] - 0.171) < 4 * deviation
    assert ((shares[1:9] > 0.065) & (shares[1:9] < 0.1)).all()
    used = tokens[tokens != PADDING]
    operators = np.bincount(used, minlength=16)[MIN : SM + 1]
    assert np.abs(operators / operators.sum() - 0.25).max() < 0.005
    digits = np.bincount(used, minlength=16)[DIGIT:MIN]
    assert np.abs(digits / digits.sum() - 0.1).max() < 0.005


def test_one_draw_of_twelve_is_kept() -> None:
    """8.3 % of all draws, digits included: counted over whole blocks of draws."""
    from bench.tasks.data import listops

    drawn = np.zeros((20_000, PAPER.max_length - 1), np.uint8)
    lengths, values = np.empty(20_000, np.int32), np.empty(20_000, np.uint8)
    listops._draw(0, 0, 0, 20_000, 500, 10, 10, drawn, lengths, values)
    assert abs((lengths > 0).mean() - 0.083) < 4 * np.sqrt(0.083 / 20_000)


def test_no_expression_comes_twice() -> None:
    tokens, _, _ = generate(400, Grammar(3, 6, 3, 2), seed=0)
    assert len({row.tobytes() for row in tokens}) == 400


def test_a_grammar_with_too_few_expressions_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.tasks.data.listops._MAX_WASTE", 50)
    with pytest.raises(DataError, match="allows too few"):
        generate(1000, Grammar(3, 5, 2, 2), seed=0)


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_neither_workers_nor_the_count_change_an_expression(workers: int) -> None:
    first = generate(300, SHORT, seed=5, workers=2)
    again = generate(200, SHORT, seed=5, workers=workers)
    assert all(np.array_equal(a[:200], b) for a, b in zip(first, again, strict=True))
    other = generate(200, SHORT, seed=6, workers=workers)
    assert not np.array_equal(other[0], again[0])


def test_the_parts_share_no_expression_and_do_not_depend_on_training(tmp_path: Path) -> None:
    limits = {"min_length": 5, "max_length": 60, "valid_size": 40, "test_size": 30}
    small = load("listops", root=None, cache=tmp_path, seed=0, train_size=50, **limits)
    large = load("listops", root=None, cache=tmp_path, seed=0, train_size=200, **limits)
    assert (small.vocabulary, small.classes, small.length, small.padding_token) == (16, 10, 64, PADDING)
    rows = [tuple(part[i][0].tolist()) for part in (large.train, large.valid, large.test) for i in range(len(part))]
    assert len(rows) == len(set(rows)) == 270
    assert all(torch.equal(small.test[i][0], large.test[i][0]) for i in range(30))
    assert all(torch.equal(small.valid[i][0], large.valid[i][0]) for i in range(40))
    x, y = small.train[0]
    assert (x.shape, x.dtype, y.shape, y.dtype) == ((64,), torch.int64, (), torch.int64)
    assert "length < 60" in small.note
    assert load("listops", root=None, cache=tmp_path, seed=0, train_size=50, length=59, **limits).train[0][0].shape == (59,)
