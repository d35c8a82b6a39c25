"""The learned filter of a long convolution."""

from __future__ import annotations

import math
import warnings
from typing import Literal

import torch
from torch import nn

from longwing._core import LongwingValueError
from longwing.torch import functional
from longwing.torch.checks import check_choice, check_count, check_number, check_probability

Initialisation = Literal["random", "geometric"]
_INITIAL = {"random": functional.init_random, "geometric": functional.init_geometric}

_FEW_SURVIVORS = 0.01
"""The paper trains with 4.5 % of the weights above lam at the start; a fifth of that is taken for a mistake."""


class LongConvFilter(nn.Module):
    r"""C filters of K taps for each of H channels, regularised at every forward.

    .. math:: k = \mathrm{dropout}(\mathrm{squash}_\lambda(\mathrm{smooth}(w)))

    with :func:`~longwing.torch.smooth`, or :func:`~longwing.torch.smooth_frequency`, and
    :func:`~longwing.torch.squash`. Source: Fu et al., ICML 2023.

    Parameters
    ----------
    d_model, length : int
        H and K.
    channels : int
        C, filters of each channel.
    init : {"random", "geometric"}
        :func:`~longwing.torch.init_random` or :func:`~longwing.torch.init_geometric`.
    lam : float
        λ of the squash; 0 for none.
    smooth : int
        p: each tap becomes the mean of the 2p+1 around it; 0 for none.
    smooth_frequency : int
        w: width of the smoothing over frequencies, odd; 0 for none. It excludes `smooth`.
    dropout : float
        Probability with which a tap is dropped in training.
    lr : float, optional
        The weight's own learning rate, for :func:`~longwing.torch.parameter_groups`; None: the one given there. Its
        weight decay is 0.

    Attributes
    ----------
    weight : torch.nn.Parameter (C, H, K)

    Warns
    -----
    UserWarning
        Less than 1 % of the initial weights are larger than `lam` in magnitude. The others give the filter nothing and get
        no gradient; with no survivors the filter stays 0 for ever.

    Raises
    ------
    LongwingValueError, LongwingTypeError
        An argument out of range or of a wrong type.
    """

    def __init__(
        self,
        d_model: int,
        length: int,
        channels: int = 1,
        *,
        init: Initialisation = "random",
        lam: float = 0.003,
        smooth: int = 0,
        smooth_frequency: int = 0,
        dropout: float = 0.0,
        lr: float | None = None,
    ) -> None:
        super().__init__()
        shape = check_count("channels", channels), check_count("d_model", d_model), check_count("length", length)
        check_choice("init", init, tuple(_INITIAL))
        check_count("smooth", smooth, 0)
        if check_count("smooth_frequency", smooth_frequency, 0):
            if smooth:
                raise LongwingValueError(f"smooth must be 0 beside smooth_frequency={smooth_frequency}, got {smooth}")
            if smooth_frequency % 2 == 0:
                raise LongwingValueError(f"smooth_frequency must be odd or 0, got {smooth_frequency}")
        self.init: Initialisation = init
        self.lam = check_number("lam", lam)
        self.smooth = smooth
        self.smooth_frequency = smooth_frequency
        self.dropout = check_probability("dropout", dropout)
        self.optimizer_options = {"weight": {"weight_decay": 0.0} | ({} if lr is None else {"lr": check_number("lr", lr)})}
        self.weight = nn.Parameter(torch.empty(shape))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weights anew and warn where λ is too large for them."""
        if self.weight.is_meta:
            return
        with torch.no_grad():
            self.weight.copy_(_INITIAL[self.init](self.weight.shape, dtype=self.weight.dtype, device=self.weight.device))
        share = self.survivors()
        if share < _FEW_SURVIVORS:
            warnings.warn(
                f"lam={self.lam} leaves {share:.2%} of the filter's initial weights: those whose magnitude is at most lam "
                f"are set to 0 and get no gradient. The weights' root mean square is {self._root_mean_square():.2g}: a lam "
                "about as large is supported, or another init",
                stacklevel=3,
            )

    def survivors(self) -> float:
        """Return the share of the smoothed weights that the squash leaves: those larger than λ in magnitude."""
        with torch.no_grad():
            return float((self._smoothed().abs() > self.lam).double().mean()) if self.lam else 1.0

    def forward(self, length: int | None = None) -> torch.Tensor:
        """Return the filter (C, H, min(length, K)), of the weight's dtype, of float32 for a half one.

        The weights are smoothed as a whole and then cropped to `length`, so a filter's first taps do not depend on it.
        Autocast does not reach them.
        """
        taps = self.weight.shape[-1] if length is None else min(check_count("length", length), self.weight.shape[-1])
        k = self._smoothed()[..., :taps]
        if self.lam:
            k = functional.squash(k, self.lam)
        return nn.functional.dropout(k, self.dropout, self.training)

    def extra_repr(self) -> str:
        """Return the sizes and what is not left out."""
        channels, d_model, length = self.weight.shape
        parts = [f"{d_model}, {length}, channels={channels}, init={self.init!r}, lam={self.lam}"]
        optional = ("smooth", "smooth_frequency", "dropout")
        parts += [f"{name}={getattr(self, name)}" for name in optional if getattr(self, name)]
        return ", ".join(parts)

    def _smoothed(self) -> torch.Tensor:
        wide = self.weight if self.weight.dtype == torch.float64 else self.weight.float()
        if self.smooth_frequency:
            return functional.smooth_frequency(wide, self.smooth_frequency)
        return functional.smooth(wide, self.smooth)

    def _root_mean_square(self) -> float:
        return math.sqrt(float(self._smoothed().detach().double().square().mean()))
