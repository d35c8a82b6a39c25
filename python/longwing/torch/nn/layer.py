"""The long convolution layer."""

from __future__ import annotations

import torch
from torch import nn

from longwing._types import ReverseLag
from longwing.torch.checks import LAYOUTS, Layout, check_choice, check_count, check_flag, check_probability, check_rows
from longwing.torch.conv import long_conv
from longwing.torch.nn.filter import Initialisation, LongConvFilter
from longwing.torch.nn.gated_linear import GatedLinear


class LongConv(nn.Module):
    r"""A depthwise convolution as long as the sequence, and a gated mix of its channels.

    .. math::
        y_{b,c,h} = \mathrm{gelu}(k_{c,h} * u_{b,h} + D_{c,h}\, u_{b,h}), \qquad
        \mathrm{out} = \mathrm{glu}(W\, \mathrm{dropout}(y) + b)

    The convolution is causal: output t depends on inputs 0 to t, for any length of u, shorter or longer than `l_max`. A
    longer u is convolved with the `l_max` taps there are. With `bidirectional` a second filter has taps at negative lags.
    GELU is the exact one. Source: Fu et al., "Simple Hardware-Efficient Long Convolutions for Sequence Modeling", ICML
    2023.

    Parameters
    ----------
    d_model : int
        H, channels of u and of the result.
    l_max : int
        K, taps of each filter.
    channels : int
        C, filters for each channel of u; their C·H outputs are mixed to H, channel h of filter c at c·H + h.
    bidirectional : bool
        Add a reverse filter of `l_max` taps; the layer is not causal then.
    reverse_lag : {"shifted", "overlapped"}
        Lag of tap j of the reverse filter: -(j+1), or -j, where lag 0 belongs to both filters.
    layout : {"BHL", "BLH"}
        Order of u's axes, and the result's.
    init, lam, smooth, smooth_frequency, kernel_dropout, kernel_lr
        The filters' `init`, `lam`, `smooth`, `smooth_frequency`, `dropout` and `lr`: see
        :class:`~longwing.torch.LongConvFilter`, whose warning and errors apply.
    dropout : float
        Probability with which a value of y is dropped in training.
    tie_dropout : bool
        Drop whole rows of y: one draw for all samples of a channel.

    Attributes
    ----------
    filter, reverse_filter : LongConvFilter
        `reverse_filter` is None unless bidirectional.
    skip : torch.nn.Parameter (C, H)
        D, drawn from N(0, 1).
    mix : torch.nn.Module
        W (2H, C·H) and b (2H,).

    Raises
    ------
    LongwingValueError, LongwingTypeError
        An argument out of range or of a wrong type; in forward, a u of another rank, number of channels or dtype.
    """

    def __init__(
        self,
        d_model: int,
        l_max: int,
        channels: int = 1,
        bidirectional: bool = False,
        reverse_lag: ReverseLag = "shifted",
        layout: Layout = "BHL",
        *,
        init: Initialisation = "random",
        lam: float = 0.003,
        smooth: int = 0,
        smooth_frequency: int = 0,
        kernel_dropout: float = 0.0,
        kernel_lr: float | None = None,
        dropout: float = 0.0,
        tie_dropout: bool = False,
    ) -> None:
        super().__init__()
        check_count("d_model", d_model)
        check_count("l_max", l_max)
        check_choice("reverse_lag", reverse_lag, ("shifted", "overlapped"))
        check_choice("layout", layout, LAYOUTS)
        self.d_model = d_model
        self.channels = check_count("channels", channels)
        self.reverse_lag: ReverseLag = reverse_lag
        self.layout: Layout = layout

        def new_filter() -> LongConvFilter:
            return LongConvFilter(
                d_model,
                l_max,
                channels,
                init=init,
                lam=lam,
                smooth=smooth,
                smooth_frequency=smooth_frequency,
                dropout=check_probability("kernel_dropout", kernel_dropout),
                lr=kernel_lr,
            )

        self.filter = new_filter()
        self.reverse_filter = new_filter() if check_flag("bidirectional", bidirectional) else None
        self.skip = nn.Parameter(torch.randn(channels, d_model))
        self.dropout = row_dropout(dropout, tie_dropout)
        self.mix = GatedLinear(channels * d_model, d_model)

    def forward(self, u: torch.Tensor) -> torch.Tensor:
        """Return the layer's output, of u's shape; u is (B, H, L), or (B, L, H) with layout "BLH"."""
        check_rows(u, self.d_model, self.layout)
        rows = u if self.layout == "BHL" else u.mT
        mixed: torch.Tensor = self.mix(self.dropout(self.convolve(rows)))
        return mixed if self.layout == "BHL" else mixed.mT

    def convolve(self, u: torch.Tensor) -> torch.Tensor:
        """Return gelu(k * u + D u) as (B, C·H, L) for u (B, H, L): what the layer mixes. Another u is long_conv's error."""
        k, skip = self.filter(), self.skip.to(self.filter.weight.dtype)  # the operation crops k to u's length
        reverse = None if self.reverse_filter is None else self.reverse_filter()
        if self.channels == 1:
            k, reverse = k[0], None if reverse is None else reverse[0]
            return long_conv(u, k, reverse_filter=reverse, reverse_lag=self.reverse_lag, skip=skip[0], activation="gelu")
        # The operation's skip is one for all filters of a bank; D differs between them, so it enters at lag 0.
        # Not by cat: the gradients of its two slices would be two arrays of k's size, nearly all zeros.
        k = k.index_add(-1, torch.zeros(1, dtype=torch.int64, device=k.device), skip.to(k.dtype)[..., None])
        y = long_conv(u, k, reverse_filter=reverse, reverse_lag=self.reverse_lag, activation="gelu", filter_bank=True)
        return y.flatten(1, 2)

    def extra_repr(self) -> str:
        """Return the layout, and the convention of lags where it matters."""
        return f"layout={self.layout!r}" + (f", reverse_lag={self.reverse_lag!r}" if self.reverse_filter else "")


def row_dropout(p: float, tied: bool) -> nn.Module:
    """Return dropout of values, or, `tied`, of whole rows of (B, H, L)."""
    check_probability("dropout", p)
    return nn.Dropout1d(p) if check_flag("tie_dropout", tied) else nn.Dropout(p)
