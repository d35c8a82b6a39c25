"""Stages: a mixed-radix transform as matrix multiplies and twiddles on real tensors.

A state is (batch, channels, left, rows, right): rows holds the points of the stage's blocks, all real parts and then all
imaginary parts, so that a complex product by a block is one real matrix multiply by [[re, -im], [im, re]].
"""

from __future__ import annotations

from typing import NamedTuple

import torch

Pair = tuple[torch.Tensor, torch.Tensor]
"""Real and imaginary part."""


class Stage(NamedTuple):
    """One stage: its matrix, parts (channels or 1, size, size), and its twiddles, parts (size, right)."""

    matrix: Pair
    twiddle: Pair | None

    @property
    def size(self) -> int:
        return self.matrix[0].shape[-1]


def multiply(a: Pair, b: Pair) -> Pair:
    """Return the complex product, element by element."""
    return torch.addcmul(a[0] * b[0], a[1], b[1], value=-1), torch.addcmul(a[1] * b[0], a[0], b[1])


def scatter(real: torch.Tensor, imag: torch.Tensor | None, stages: list[Stage]) -> Pair:
    """Transform (batch, channels, m <= n) from natural order to the order that the stages leave, digits reversed.

    Decimation in frequency. An input shorter than n is zero padded, without multiplying by the padding's columns.
    """
    left, right = 1, _points(stages) // stages[0].size
    used = -(-real.shape[-1] // right)
    parts = [_rows(part, used, right) for part in (real, imag) if part is not None]
    state = torch.cat(parts, 3)
    for index, stage in enumerate(stages):
        z = _contract(_block(stage.matrix, inputs=used, complex_input=len(parts) == 2 or index > 0), state)
        z = z.unflatten(3, (2, stage.size))
        if index + 1 == len(stages):
            return z[:, :, :, 0].flatten(2), z[:, :, :, 1].flatten(2)
        used = stages[index + 1].size
        left, right = left * stage.size, right // used
        assert stage.twiddle is not None
        re, im = multiply((z[:, :, :, 0], z[:, :, :, 1]), stage.twiddle)
        state = torch.stack((re, im), 4).reshape(*re.shape[:2], left, 2 * used, right)
    raise AssertionError("a transform has a stage")


def gather(pair: Pair, stages: list[Stage], *, length: int, real_only: bool = False) -> tuple[torch.Tensor, ...]:
    """Transform (batch, channels, n) from reversed order to the first `length` points in natural order.

    Decimation in time: the same function of the matrices as `scatter`, up to order. `real_only` leaves the imaginary part
    out of the result and of the last multiply.
    """
    real, imag = pair
    left, right = _points(stages), 1
    for index, stage in enumerate(stages):
        left //= stage.size
        real, imag = (part.reshape(*part.shape[:2], left, stage.size, right) for part in (real, imag))
        if stage.twiddle is not None:
            real, imag = multiply((real, imag), stage.twiddle)
        last = index + 1 == len(stages)
        rows = -(-length // right) if last else stage.size
        block = _block(stage.matrix, outputs=rows, complex_output=not (last and real_only))
        z = _contract(block, torch.cat((real, imag), 3))
        if last:
            return tuple(part.flatten(2)[..., :length] for part in z.split(rows, 3))
        real, imag = z.split(rows, 3)
        right *= stage.size
    raise AssertionError("a transform has a stage")


def conjugated(stages: list[Stage], scale: float) -> list[Stage]:
    """Return the stages of scale · conj ∘ transform ∘ conj: every constant conjugated, the last matrix scaled."""
    result = [Stage(_conjugate(s.matrix), None if s.twiddle is None else _conjugate(s.twiddle)) for s in stages]
    re, im = result[-1].matrix
    return [*result[:-1], result[-1]._replace(matrix=(re * scale, im * scale))]


def _conjugate(pair: Pair) -> Pair:
    return pair[0], -pair[1]


def _points(stages: list[Stage]) -> int:
    n = 1
    for stage in stages:
        n *= stage.size
    return n


def _rows(part: torch.Tensor, used: int, right: int) -> torch.Tensor:
    missing = used * right - part.shape[-1]
    padded = torch.nn.functional.pad(part, (0, missing)) if missing else part
    return padded.reshape(*part.shape[:2], 1, used, right)


def _block(
    matrix: Pair,
    *,
    inputs: int | None = None,
    outputs: int | None = None,
    complex_input: bool = True,
    complex_output: bool = True,
) -> torch.Tensor:
    """Return [[re, -im], [im, re]] (channels, rows, columns), of the first `outputs` rows and `inputs` columns."""
    re, im = (part[:, :outputs, :inputs] for part in matrix)
    upper = torch.cat((re, -im), 2) if complex_input else re
    if not complex_output:
        return upper
    return torch.cat((upper, torch.cat((im, re), 2) if complex_input else im), 1)


def _contract(block: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
    """Return Σ_r block[c, a, r] · state[b, c, l, r, m]."""
    if block.shape[0] == 1 and state.shape[-1] > 1:
        return torch.matmul(block, state)
    return torch.einsum("car,bclrm->bclam", block.expand(state.shape[1], -1, -1), state)
