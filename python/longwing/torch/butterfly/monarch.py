"""Projection of a dense matrix on to the two-factor butterflies."""

from __future__ import annotations

from collections.abc import Sequence

import torch


def project(weight: torch.Tensor, inputs: Sequence[int], outputs: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the factors F_1 (1, i_2, o_1, i_1) and F_2 (o_1, 1, o_2, i_2) nearest to `weight`, in float64.

    M[(a_2, a_1), (j_1, j_2)] = F_2[a_1; a_2, j_2] · F_1[j_2; a_1, j_1]: for each (a_1, j_2) a matrix of rank 1 over
    (a_2, j_1). The best of rank 1 is its largest singular triple; both factors take the root of the singular value. The
    padding is zero, which leaves the triples of a block zero there.
    """
    (i1, i2), (o1, o2) = inputs, outputs
    rows, columns = weight.shape
    padded = torch.nn.functional.pad(weight.double(), (0, i1 * i2 - columns, 0, o1 * o2 - rows))
    blocks = padded.reshape(o2, o1, i1, i2).permute(1, 3, 0, 2)
    left, values, right = torch.linalg.svd(blocks, full_matrices=False)
    scale = values[..., :1].sqrt()
    second = (left[..., :, 0] * scale).permute(0, 2, 1).unsqueeze(1)
    first = (right[..., 0, :] * scale).permute(1, 0, 2).unsqueeze(0)
    return first, second
