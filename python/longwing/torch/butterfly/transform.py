"""ButterflyTransform: a discrete Fourier transform whose block matrices are learned."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import cast

import torch

from longwing._core import LongwingValueError
from longwing.torch.butterfly.blocks import block_sizes
from longwing.torch.butterfly.matrices import BlockMatrices
from longwing.torch.butterfly.roots import Roots
from longwing.torch.butterfly.stages import Pair, Stage, conjugated, gather, scatter
from longwing.torch.checks import (
    check_count,
    check_dtype,
    check_flag,
    check_last_dimension,
    check_positive,
    check_probability,
)


class ButterflyTransform(torch.nn.Module):
    r"""A Fourier transform of n points, cut into stages of small matrix multiplies whose matrices are learned.

    With block sizes b_1 … b_p of product n, the input index j = (j_1 … j_p) and the output index k = (a_p … a_1) in mixed
    radix, most significant digit first, stage i replaces digit j_i by a_i:

    z[…, a_i, q] = exp(-2πi·a_i·q / (b_i·M)) · Σ_{j_i} W_{b_i}[a_i, j_i] · z[…, j_i, q],   M = b_{i+1}·…·b_p, q < M.

    W_b is learned and starts as the DFT matrix of b points, so that the transform starts as ``torch.fft.fft``; the twiddles
    are fixed. Stages of one size share one matrix. Every parameter and buffer is real.

    Args:
        n: points, a power of two from 2.
        order: p, the number of stages, from 1 (one dense matrix) to log2 n (sizes 2, the FFT); sizes as equal as can be.
        block_size: r, a power of two from 2 to n; one smaller first stage where log2 r does not divide log2 n.
        blocks: the sizes themselves. At most one of the three; none of them is ``block_size=min(16, n)``.
        channels: 1, matrices shared by all channels, or H, matrices of their own for each.
        learned: False keeps the DFT, by the same code, with no parameters.
        additive: W = DFT + delta, where delta is learned and starts as 0.01·N(0,1). It does not start as the DFT.
        dropout: probability with which an entry of what is learned is zero in training, the others scaled up.
        lr: learning rate of the matrices in `parameter_groups`, with weight decay 0.
        device, dtype: of the parameters.

    Parameters are ``2·channels·Σ b²`` real numbers, summed over the distinct sizes b: 680·H for 2, 4, 8 and 16.

    Raises LongwingValueError or LongwingTypeError, naming the argument, its value and what is supported.

    Source: Fu et al., Simple Hardware-Efficient Long Convolutions for Sequence Modeling, 2023, section 3.
    """

    def __init__(
        self,
        n: int,
        *,
        order: int | None = None,
        block_size: int | None = None,
        blocks: Sequence[int] | None = None,
        channels: int = 1,
        learned: bool = True,
        additive: bool = False,
        dropout: float = 0.0,
        lr: float = 1e-3,
        device: torch.device | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.n = n
        self.blocks = block_sizes(n, order=order, block_size=block_size, blocks=blocks)
        self.channels = check_count("channels", channels)
        self.learned = check_flag("learned", learned)
        if check_flag("additive", additive) and not learned:
            raise LongwingValueError("additive=True needs learned=True: a fixed transform has nothing to add")
        self.matrices = torch.nn.ModuleDict()
        for size in sorted(set(self.blocks)):
            self.matrices[str(size)] = BlockMatrices(
                size,
                channels,
                learned=learned,
                additive=additive,
                dropout=check_probability("dropout", dropout),
                lr=check_positive("lr", lr),
                device=device,
                dtype=dtype,
            )
        self.scatter_twiddles, self.gather_twiddles = torch.nn.ModuleDict(), torch.nn.ModuleDict()
        for stage in range(len(self.blocks) - 1):
            size, after = self.blocks[stage], math.prod(self.blocks[stage + 1 :])
            self.scatter_twiddles[str(stage)] = Roots(size, after, size * after, device=device, dtype=dtype)
            size, before = self.blocks[stage + 1], math.prod(self.blocks[: stage + 1])
            self.gather_twiddles[str(stage + 1)] = Roots(size, before, size * before, device=device, dtype=dtype)

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of the matrices."""
        return self._matrices(self.blocks[0]).dft.real.dtype

    def reset_parameters(self) -> None:
        """Put every matrix back to its start."""
        for size in dict.fromkeys(self.blocks):
            self._matrices(size).reset_parameters()

    def forward(self, real: torch.Tensor, imag: torch.Tensor | None = None) -> Pair:
        """Return the transform's real and imaginary part, in natural order.

        real, imag: (…, H, m) with 1 <= m <= n, zero padded to n; H is `channels` where that is not 1, and any leading
        shape, none too, where it is 1. No imag means zero. Their dtype is the module's, or any under autocast. Each result
        is (…, H, n).
        """
        self._check(real, "real")
        if imag is not None:
            self._check(imag, "imag")
            if imag.shape != real.shape:
                raise LongwingValueError(f"imag must have real's shape {tuple(real.shape)}, got {tuple(imag.shape)}")
        re, im = self.scatter(self._rows(real), None if imag is None else self._rows(imag))
        shape = (*real.shape[:-1], self.n)
        return self._natural(re).reshape(shape), self._natural(im).reshape(shape)

    def scatter(self, real: torch.Tensor, imag: torch.Tensor | None = None) -> Pair:
        """Transform (channels, m, batch) to (channels, n, batch), its digits reversed."""
        return scatter(real, imag, self._stages(self.scatter_twiddles))

    def inverse_gather(self, pair: Pair, length: int) -> torch.Tensor:
        """Return Re conj(T(conj(z)))/n (channels, length, batch), where T is this transform.

        z: two tensors (channels, n, batch) as :meth:`scatter` of a transform with the reversed `blocks` leaves them.
        """
        return gather(pair, conjugated(self._stages(self.gather_twiddles), 1 / self.n), length=length)

    def extra_repr(self) -> str:
        return f"{self.n}, blocks={self.blocks}, channels={self.channels}, learned={self.learned}"

    def _stages(self, twiddles: torch.nn.ModuleDict) -> list[Stage]:
        """Return the stages for one call; the stages of one size share one matrix, and one dropout mask."""
        values = {size: self._matrices(size)() for size in dict.fromkeys(self.blocks)}
        stages = []
        for index, size in enumerate(self.blocks):
            roots = cast(Roots, twiddles[str(index)]) if str(index) in twiddles else None
            stages.append(Stage(values[size], None if roots is None else (roots.real, roots.imag)))
        return stages

    def _matrices(self, size: int) -> BlockMatrices:
        return cast(BlockMatrices, self.matrices[str(size)])

    def _check(self, tensor: torch.Tensor, name: str) -> None:
        check_dtype(name, tensor, self.dtype)
        check_last_dimension(name, tensor, self.n, "n")
        if self.channels > 1 and (tensor.ndim < 2 or tensor.shape[-2] != self.channels):
            shape = tuple(tensor.shape)
            raise LongwingValueError(f"{name} must be (…, {self.channels}, m), as many as channels, got shape {shape}")

    def _rows(self, tensor: torch.Tensor) -> torch.Tensor:
        leading = tensor.shape[:-1] if self.channels == 1 else tensor.shape[:-2]
        return tensor.reshape(math.prod(leading), self.channels, tensor.shape[-1]).permute(1, 2, 0)

    def _natural(self, part: torch.Tensor) -> torch.Tensor:
        """Reverse the digits of (channels, n, batch), as (batch, channels, n)."""
        digits = part.reshape(part.shape[0], *self.blocks, part.shape[2])
        return digits.permute(-1, 0, *range(digits.ndim - 2, 0, -1)).flatten(2)
