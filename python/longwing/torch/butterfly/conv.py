"""ButterflyConv: a long convolution whose transforms are learned."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from longwing._core import LongwingValueError
from longwing.torch.butterfly.stages import multiply
from longwing.torch.butterfly.transform import ButterflyTransform
from longwing.torch.checks import check_count, check_dtype, check_flag, check_last_dimension

_LR, _LR_WITH_INVERSE = 1e-3, 1e-4  # section 3.4 of the paper


class ButterflyConv(torch.nn.Module):
    r"""y = the first m points of T⁻(T_u(u) · T_k(k)), with learned transforms T_u and T_k of n points.

    n is the first power of two with n >= 2·length, and T⁻(z) = Re conj(T(conj(z)))/n: with a fixed T, or a learned one
    where `learn_inverse`. With every transform at its start, the DFT, y is the causal linear convolution
    ``longwing.torch.long_conv(u, k)``, y[b,h,t] = Σ_{j<=t} k[h,j]·u[b,h,t-j].

    **Not causal once trained.** A learned transform no longer turns a product into a convolution, so that zero padding
    no longer keeps y[t] from depending on u after t. ``causal=True`` is refused for that reason. The trained layer is for
    tasks that see the whole sequence. `additive` transforms are not causal from the start.

    Args:
        length: the longest input.
        order, block_size, blocks: of the transforms of u and k, as in :class:`ButterflyTransform` with its n.
        channels: 1, matrices shared by all channels, or H.
        learned: False fixes all transforms, by the same code: the causal convolution, with no parameters.
        learn_inverse: learn the inverse too, with matrices of its own.
        additive, dropout: as in :class:`ButterflyTransform`.
        lr: learning rate of the matrices; None is 1e-3, and 1e-4 with `learn_inverse`. Weight decay is 0.
        causal: only False is supported, with any transform learned.
        device, dtype: of the parameters.

    Raises LongwingValueError or LongwingTypeError, naming the argument, its value and what is supported.

    Source: Fu et al., Simple Hardware-Efficient Long Convolutions for Sequence Modeling, 2023, section 3.
    """

    def __init__(
        self,
        length: int,
        *,
        order: int | None = None,
        block_size: int | None = None,
        blocks: Sequence[int] | None = None,
        channels: int = 1,
        learned: bool = True,
        learn_inverse: bool = False,
        additive: bool = False,
        dropout: float = 0.0,
        lr: float | None = None,
        causal: bool = False,
        device: torch.device | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.length = check_count("length", length)
        self.n = 2 << (length - 1).bit_length()
        flags = {"learned": learned, "learn_inverse": learn_inverse, "additive": additive, "causal": causal}
        for name, value in flags.items():
            check_flag(name, value)
        if causal and learned:
            raise LongwingValueError(
                "causal=True is not supported with learned transforms: once trained they turn no product into a "
                "convolution, and zero padding no longer keeps the future out: use longwing.torch.long_conv"
            )
        if additive and not learned:
            raise LongwingValueError("additive=True needs learned=True: fixed transforms have nothing to add")
        if learn_inverse and not learned:
            raise LongwingValueError("learn_inverse=True needs learned=True, which learns the forward transforms")
        rate = (_LR_WITH_INVERSE if learn_inverse else _LR) if lr is None else lr

        def transform(sizes: Sequence[int] | None, learned: bool) -> ButterflyTransform:
            return ButterflyTransform(
                self.n,
                order=order if sizes is None else None,
                block_size=block_size if sizes is None else None,
                blocks=blocks if sizes is None else sizes,
                channels=channels if learned else 1,
                learned=learned,
                additive=additive and learned,
                dropout=dropout,
                lr=rate,
                device=device,
                dtype=dtype,
            )

        self.transform_u = transform(None, learned)
        self.transform_k = transform(None, learned)
        # Reversed sizes read the order that the forward transforms leave, so that no spectrum is put in natural order.
        self.inverse = transform(self.transform_u.blocks[::-1], learn_inverse)
        self.channels = channels

    def reset_parameters(self) -> None:
        """Put every transform back to its start."""
        for transform in (self.transform_u, self.transform_k, self.inverse):
            transform.reset_parameters()

    def forward(self, u: torch.Tensor, k: torch.Tensor) -> torch.Tensor:
        """Return y (…, H, m) of u's dtype.

        u: (…, H, m) with 1 <= m <= length. k: (G, K) with G = 1 or H and 1 <= K <= length; taps beyond m act on a trained
        layer only. H is `channels` where that is not 1. Dtypes are the module's; any under autocast.
        """
        self._check(u, k)
        batch, channels = math.prod(u.shape[:-2]), u.shape[-2]
        rows = u.reshape(batch, channels, u.shape[-1])
        y = self._own(rows, k) if self.channels > 1 else self._shared(rows, k)
        return y.reshape(u.shape)

    def _own(self, u: torch.Tensor, k: torch.Tensor) -> torch.Tensor:
        """Return y (batch, H, m), each channel with matrices of its own."""
        spectrum = self.transform_u.scatter(u.permute(1, 2, 0))
        response = self.transform_k.scatter(k.expand(self.channels, -1).unsqueeze(-1))
        return self.inverse.inverse_gather(multiply(spectrum, response), u.shape[-1]).permute(2, 0, 1)

    def _shared(self, u: torch.Tensor, k: torch.Tensor) -> torch.Tensor:
        """Return y (batch, H, m), all rows alike but for their filters."""
        re, im = self.transform_u.scatter(u.flatten(0, 1).mT.unsqueeze(0))
        spectrum = re.unflatten(2, u.shape[:2]), im.unflatten(2, u.shape[:2])
        re, im = self.transform_k.scatter(k.mT.unsqueeze(0))
        re, im = multiply(spectrum, (re.unsqueeze(2), im.unsqueeze(2)))
        return self.inverse.inverse_gather((re.flatten(2), im.flatten(2)), u.shape[-1]).squeeze(0).mT

    def _check(self, u: torch.Tensor, k: torch.Tensor) -> None:
        dtype = self.inverse.dtype
        for tensor, name in ((u, "u"), (k, "k")):
            check_dtype(name, tensor, dtype)
            check_last_dimension(name, tensor, self.length, "length")
        if u.ndim < 2 or self.channels not in (1, u.shape[-2]):
            want = "H" if self.channels == 1 else self.channels
            raise LongwingValueError(f"u must be (…, {want}, m), got shape {tuple(u.shape)}")
        if k.ndim != 2 or k.shape[0] not in (1, u.shape[-2]):
            raise LongwingValueError(f"k must be (1, K) or ({u.shape[-2]}, K), got shape {tuple(k.shape)}")
