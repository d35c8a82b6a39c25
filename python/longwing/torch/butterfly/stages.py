"""Stages: a mixed-radix transform as matrix multiplies and twiddles on real tensors.

A state is (channels, left, points, right, batch). Its points, those of one block, are all real parts and then all imaginary
parts, so that the complex product by a block is one real matrix multiply by [[re, -im], [im, re]]. With the batch innermost
a multiply is as wide as right·batch in every stage, nothing is transposed between stages, and all copies are contiguous.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch

Pair = tuple[torch.Tensor, torch.Tensor]
"""Real and imaginary part."""


class Stage(NamedTuple):
    """A stage's matrix, parts (channels or 1, size, size), and its twiddle, parts (size, right), or None for right = 1."""

    matrix: Pair
    twiddle: Pair | None

    @property
    def size(self) -> int:
        return self.matrix[0].shape[-1]


def multiply(a: Pair, b: Pair) -> Pair:
    """Return the complex product, element by element."""
    return torch.addcmul(a[0] * b[0], a[1], b[1], value=-1), torch.addcmul(a[1] * b[0], a[0], b[1])


def scatter(real: torch.Tensor, imag: torch.Tensor | None, stages: list[Stage]) -> Pair:
    """Transform (channels, m <= n, batch) from natural order to (channels, n, batch), digits reversed.

    Decimation in frequency: right is the points of the stages that follow, and the twiddle comes after the multiply. An
    input shorter than n is zero padded, without multiplying the padding.
    """
    left, right = 1, math.prod([stage.size for stage in stages[1:]])
    used = -(-real.shape[1] // right)
    parts = [_fold(part, used, right) for part in (real, imag) if part is not None]
    state = parts[0] if imag is None else torch.cat(parts, 2)
    block = _block(stages[0].matrix, inputs=used, complex_input=imag is not None)
    for stage, following in zip(stages, [*stages[1:], None], strict=True):
        re, im = _contract(block, state).chunk(2, 2)  # (channels, left, digit, right, batch)
        if following is None:
            break
        re, im = _twiddled((re, im), stage)
        left, right = left * stage.size, right // following.size
        state = torch.stack((re, im), 3).reshape(real.shape[0], left, 2 * following.size, right, real.shape[2])
        block = _block(following.matrix)
    return re.flatten(1, 3), im.flatten(1, 3)


def gather(pair: Pair, stages: list[Stage], *, length: int) -> torch.Tensor:
    """Transform (channels, n, batch) from reversed digits and return the real part of the first `length` points.

    Decimation in time: right is the points of the stages before, and the twiddle comes before the multiply. It is the same
    function of the matrices as `scatter`'s, up to order. The other points and the imaginary part are not multiplied.
    """
    channels, left, batch = pair[0].shape
    right = 1
    for stage in stages:
        left //= stage.size
        shape = (channels, left, stage.size, right, batch)
        state = torch.cat(_twiddled((pair[0].reshape(shape), pair[1].reshape(shape)), stage), 2)
        if stage is stages[-1]:
            break
        re, im = _contract(_block(stage.matrix), state).chunk(2, 2)
        pair, right = (re, im), right * stage.size
    block = _block(stage.matrix, outputs=-(-length // right))
    return _contract(block, state).flatten(1, 3)[:, :length]


def conjugated(stages: list[Stage], scale: float) -> list[Stage]:
    """Return the stages of scale · conj ∘ transform ∘ conj: every constant conjugated, the last matrix scaled."""
    result = [Stage(_conjugate(s.matrix), None if s.twiddle is None else _conjugate(s.twiddle)) for s in stages]
    re, im = result[-1].matrix
    return [*result[:-1], result[-1]._replace(matrix=(re * scale, im * scale))]


def _conjugate(pair: Pair) -> Pair:
    return pair[0], -pair[1]


def _twiddled(parts: Pair, stage: Stage) -> Pair:
    if stage.twiddle is None:
        return parts
    return multiply(parts, (stage.twiddle[0].unsqueeze(-1), stage.twiddle[1].unsqueeze(-1)))


def _fold(part: torch.Tensor, used: int, right: int) -> torch.Tensor:
    missing = used * right - part.shape[1]
    padded = torch.nn.functional.pad(part, (0, 0, 0, missing)) if missing else part
    return padded.reshape(part.shape[0], 1, used, right, part.shape[2])


def _block(
    matrix: Pair, *, inputs: int | None = None, complex_input: bool = True, outputs: int | None = None
) -> torch.Tensor:
    """Return [[re, -im], [im, re]] (channels, rows, columns); with `outputs`, that many rows of the real part alone."""
    re, im = (part[:, :outputs, :inputs] for part in matrix)
    upper = torch.cat((re, -im), 2) if complex_input else re
    if outputs is not None:
        return upper
    return torch.cat((upper, torch.cat((im, re), 2) if complex_input else im), 1)


def _contract(block: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
    """Return Σ_r block[c, a, r] · state[c, l, r, m, b], as (c, l, a, m, b)."""
    wide = state.flatten(3)
    if wide.shape[-1] < block.shape[-1]:  # one multiply for all l, after a copy, beats many narrow ones
        z = torch.einsum("car,clrm->clam", block.expand(state.shape[0], -1, -1), wide)
    else:
        z = torch.matmul(block.unsqueeze(1), wide)
    return z.reshape(*z.shape[:3], *state.shape[3:])
