"""ListOps of the Long Range Arena (Nangia and Bowman 2018): the value of a nested list expression.

A node at depth d is, with probability 1/4 and d < `max_depth`, an operator of 2 … `max_arguments` nodes at depth d+1, else
a digit. Operators are MIN, MAX, MED (the mean of the two middle values, truncated, where they are even in number) and SM
(the sum modulo 10). A written expression has operators, digits and closing brackets; one counts whose length is strictly
between `min_length` and `max_length`, and that was not drawn before.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import numba
import numpy as np
import torch

from bench.tasks.data.base import ArrayExamples, Request, TaskData
from bench.tasks.data.cache import cached
from bench.tasks.data.errors import DataError, OptionError
from bench.tasks.data.parallel import for_blocks
from bench.tasks.data.splits import checked_sizes
from bench.tasks.data.streams import below, stream, uniform

PADDING = 0
DIGIT = 1
"""Token of digit 0; those of the others follow."""

MIN, MAX, MED, SM, CLOSE = 11, 12, 13, 14, 15
VOCABULARY = 16

_OPERATOR_SHARE = 0.25
_VERSION = 1
_BLOCK = 8192
"""Expressions that are drawn at a time, kept or not: enough to keep threads busy, few enough to waste little at the end."""

_MAX_WASTE = 100_000
"""Drawn for each that is wanted before the limits are called too narrow; the paper's keep one of twelve."""


@dataclass(frozen=True)
class Grammar:
    """Which expressions are drawn, and which of them are kept."""

    min_length: int
    max_length: int
    max_depth: int
    max_arguments: int

    def __post_init__(self) -> None:
        if not 0 <= self.min_length < self.max_length - 1:
            raise OptionError("min_length", self.min_length, f"0 to max_length - 2, {self.max_length - 2}")
        if not 2 <= self.max_depth <= 64:
            raise OptionError("max_depth", self.max_depth, "2 to 64")
        if not 2 <= self.max_arguments <= 64:
            raise OptionError("max_arguments", self.max_arguments, "2 to 64")


def load(
    request: Request,
    *,
    min_length: int = 500,
    max_length: int = 2000,
    max_depth: int = 10,
    max_arguments: int = 10,
    length: int | None = None,
    train_size: int = 96_000,
    valid_size: int = 2_000,
    test_size: int = 2_000,
    workers: int | None = None,
) -> TaskData:
    """ListOps: x tokens of the expression, y its value, 0 … 9.

    `length` is that of x, padding included; None for the next power of two at or above `max_length`. The three parts hold
    different expressions; validation and test do not depend on `train_size`. `workers` are threads, which change nothing.
    """
    grammar = Grammar(min_length, max_length, max_depth, max_arguments)
    length = 1 << (max_length - 1).bit_length() if length is None else length
    if length < max_length - 1:
        raise OptionError("length", length, f"{max_length - 1} and more, for max_length {max_length}")
    sizes = checked_sizes(test=test_size, valid=valid_size, train=train_size)

    def build(folder: Path) -> None:
        tokens, lengths, values = generate(sum(sizes.values()), grammar, seed=request.seed, workers=workers)
        np.save(folder / "tokens.npy", tokens)
        np.save(folder / "lengths.npy", lengths)
        np.save(folder / "values.npy", values)

    key = {"version": _VERSION, "seed": request.seed, "count": sum(sizes.values()), **asdict(grammar)}
    arrays = cached(request.cache, "listops", key, build)
    parts, start = {}, 0
    for part, size in sizes.items():
        parts[part] = _examples(arrays, slice(start, start + size), length)
        start += size
    return TaskData(
        name=request.name,
        **parts,
        kind="classification",
        vocabulary=VOCABULARY,
        channels=None,
        classes=10,
        length=length,
        source=f"ListOps (Nangia and Bowman 2018; Tay et al. 2021), generated here, seed {request.seed}",
        padding_token=PADDING,
        note="" if grammar == Grammar(500, 2000, 10, 10) else f"{min_length} < length < {max_length}, depth {max_depth}",
    )


def _examples(arrays: dict[str, np.ndarray], rows: slice, length: int) -> ArrayExamples:
    tokens = torch.from_numpy(arrays["tokens"][rows])
    values = torch.from_numpy(arrays["values"][rows].astype(np.int64))

    def padded(chosen: torch.Tensor) -> torch.Tensor:
        short = min(length, chosen.shape[1])
        return torch.nn.functional.pad(chosen[:, :short].to(torch.int64), (0, length - short), value=PADDING)

    return ArrayExamples(tokens, values, padded)


def generate(
    count: int, grammar: Grammar, *, seed: int, workers: int | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return `count` different expressions: tokens (count, max_length - 1) with padding, lengths and values.

    The i-th draw comes from stream (seed, i), and draws are kept in that order: the first expressions are the same whatever
    `count` and `workers`.
    """
    tokens = np.empty((count, grammar.max_length - 1), np.uint8)
    lengths, values = np.empty(count, np.int32), np.empty(count, np.uint8)
    seen: set[bytes] = set()
    drawn = np.zeros((_BLOCK, grammar.max_length - 1), np.uint8)
    drawn_lengths, drawn_values = np.empty(_BLOCK, np.int32), np.empty(_BLOCK, np.uint8)
    limits = (grammar.min_length, grammar.max_depth, grammar.max_arguments)
    first, kept = 0, 0
    while kept < count:
        if first > _MAX_WASTE * (count + 1):
            raise DataError(f"{kept} of {count} expressions after {first} draws: {grammar} allows too few")

        def draw(start: int, stop: int, first: int = first) -> None:
            _draw(seed, first, start, stop, *limits, drawn, drawn_lengths, drawn_values)

        for_blocks(_BLOCK, 512, draw, workers)
        for i in np.flatnonzero(drawn_lengths):
            expression = drawn[i, : drawn_lengths[i]].tobytes()
            if expression not in seen and kept < count:
                seen.add(expression)
                tokens[kept], lengths[kept], values[kept] = drawn[i], drawn_lengths[i], drawn_values[i]
                kept += 1
        first += _BLOCK
    return tokens, lengths, values


@numba.njit(nogil=True, cache=True)
def _draw(
    seed: int,
    first: int,
    start: int,
    stop: int,
    min_length: int,
    max_depth: int,
    max_arguments: int,
    tokens: np.ndarray,
    lengths: np.ndarray,
    values: np.ndarray,
) -> None:
    """Draw expressions first+start … first+stop-1 into their rows; a length of 0 says that one does not count."""
    for row in range(start, stop):
        state = stream(seed, first + row)
        length = _written(state, max_depth, max_arguments, tokens[row])
        tokens[row, max(0, length) :] = PADDING
        lengths[row] = length if length > min_length else 0
        values[row] = evaluate(tokens[row], length, max_depth, max_arguments) if lengths[row] else 0


@numba.njit(nogil=True, cache=True)
def _written(state: np.ndarray, max_depth: int, max_arguments: int, tokens: np.ndarray) -> int:
    """Write one expression from the left; return its length, or -1 where it does not fit."""
    missing = np.zeros(max_depth + 1, np.int64)  # arguments that each open operator still waits for
    depth, length = 0, 0
    missing[0] = 1
    while True:
        while depth > 0 and missing[depth] == 0:
            if length == len(tokens):
                return -1
            tokens[length] = CLOSE
            length += 1
            depth -= 1
        if missing[depth] == 0:
            return length
        if length == len(tokens):
            return -1
        missing[depth] -= 1
        if depth + 1 < max_depth and uniform(state) < _OPERATOR_SHARE:
            depth += 1
            missing[depth] = 2 + below(state, max_arguments - 1)
            tokens[length] = MIN + below(state, 4)
        else:
            tokens[length] = DIGIT + below(state, 10)
        length += 1


@numba.njit(nogil=True, cache=True)
def evaluate(tokens: np.ndarray, length: int, max_depth: int, max_arguments: int) -> int:
    """Return the value of the expression in tokens[:length]."""
    arguments = np.empty((max_depth + 1, max_arguments), np.int64)
    held = np.zeros(max_depth + 1, np.int64)
    operators = np.zeros(max_depth + 1, np.int64)
    depth = 0
    for i in range(length):
        token = tokens[i]
        if MIN <= token <= SM:
            depth += 1
            operators[depth] = token
            held[depth] = 0
            continue
        value = token - DIGIT
        if token == CLOSE:
            value = _applied(operators[depth], arguments[depth, : held[depth]])
            depth -= 1
        arguments[depth, held[depth]] = value
        held[depth] += 1
    return arguments[0, 0]


@numba.njit(nogil=True, cache=True)
def _applied(operator: int, values: np.ndarray) -> int:
    if operator == MIN:
        return values.min()
    if operator == MAX:
        return values.max()
    if operator == SM:
        return values.sum() % 10
    ordered = np.sort(values)
    n = len(ordered)
    return (ordered[(n - 1) // 2] + ordered[n // 2]) // 2
