"""The H3 block with long convolutions."""

from __future__ import annotations

import torch
from torch import nn

from longwing.torch.checks import LAYOUTS, Layout, check_choice, check_count, check_rows
from longwing.torch.conv import long_conv
from longwing.torch.nn.filter import Initialisation, LongConvFilter
from longwing.torch.nn.gated_linear import over_channels


class H3LongConv(nn.Module):
    r"""Two causal long convolutions with multiplicative gates, in place of attention.

    .. math::
        q, k, v = W_{qkv}\, u + b_{qkv}, \qquad
        \bar k = K_1 * k + D_1 k, \qquad
        y = K_2 * (\bar k \odot v) + D_2\, (\bar k \odot v), \qquad
        \mathrm{out} = W_o\, (q \odot y) + b_o

    The two convolutions are two calls of :func:`~longwing.torch.long_conv`, the second with v as its pre-gate and q as its
    post-gate: no product is stored. Causal for any length of u. Source: Fu et al., ICML 2023, after Dao et al., "Hungry
    Hungry Hippos", ICLR 2023.

    Parameters
    ----------
    d_model : int
        H, channels of u, of q, k and v, and of the result.
    l_max : int
        Taps of both filters; u may be shorter or longer.
    layout : {"BHL", "BLH"}
        Order of u's axes, and the result's.
    init, lam, smooth, smooth_frequency, kernel_dropout, kernel_lr
        The filters' options: see :class:`~longwing.torch.LongConvFilter`, whose warning and errors apply.

    Attributes
    ----------
    shift, filter : LongConvFilter
        K₁ and K₂.
    shift_skip, skip : torch.nn.Parameter (H,)
        D₁ and D₂, drawn from N(0, 1).
    project, output : torch.nn.Linear
        W_qkv (3H, H), rows of q, k, v in this order, and W_o (H, H), with their biases.

    Raises
    ------
    LongwingValueError, LongwingTypeError
        An argument out of range or of a wrong type; in forward, a u of another rank, number of channels or dtype.
    """

    def __init__(
        self,
        d_model: int,
        l_max: int,
        layout: Layout = "BHL",
        *,
        init: Initialisation = "random",
        lam: float = 0.003,
        smooth: int = 0,
        smooth_frequency: int = 0,
        kernel_dropout: float = 0.0,
        kernel_lr: float | None = None,
    ) -> None:
        super().__init__()
        check_count("d_model", d_model)
        check_count("l_max", l_max)
        check_choice("layout", layout, LAYOUTS)
        self.d_model = d_model
        self.layout: Layout = layout

        def new_filter() -> LongConvFilter:
            return LongConvFilter(
                d_model,
                l_max,
                init=init,
                lam=lam,
                smooth=smooth,
                smooth_frequency=smooth_frequency,
                dropout=kernel_dropout,
                lr=kernel_lr,
            )

        self.shift, self.filter = new_filter(), new_filter()
        self.shift_skip, self.skip = (nn.Parameter(torch.randn(d_model)) for _ in range(2))
        self.project = nn.Linear(d_model, 3 * d_model)
        self.output = nn.Linear(d_model, d_model)

    def forward(self, u: torch.Tensor) -> torch.Tensor:
        """Return the block's output, of u's shape; u is (B, H, L), or (B, L, H) with layout "BLH"."""
        check_rows(u, self.d_model, self.layout)
        rows = u if self.layout == "BHL" else u.mT
        q, k, v = over_channels(rows, self.project.weight, self.project.bias).chunk(3, dim=1)
        remembered = long_conv(k, self.shift()[0], skip=self.shift_skip)
        y = long_conv(remembered, self.filter()[0], skip=self.skip, pre_gate=v, post_gate=q)
        mixed = over_channels(y, self.output.weight, self.output.bias)
        return mixed if self.layout == "BHL" else mixed.mT

    def extra_repr(self) -> str:
        """Return the layout."""
        return f"layout={self.layout!r}"
