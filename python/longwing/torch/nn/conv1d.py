"""torch.nn.Conv1d by long convolutions where they are faster."""

from __future__ import annotations

import torch
from torch import nn

import longwing
from longwing._core import LongwingRuntimeError
from longwing.torch.conv import long_conv
from longwing.torch.dtypes import NAMES

_FEWEST_TAPS, _FEWEST_TAPS_DEPTHWISE = 48, 16
"""Taps for each sample of stride from which torch's conv1d loses, measured on one thread, rows of 512 to 16000 samples.
Dense with 1 to 32 input channels at 48: torch takes 1.1 to 2.0 times as long forward, 1.6 to 2.9 in training; even at 32.
Depthwise at 16: 3.1 to 4.5 times forward, 2.7 to 3.0 in training; at 8 it is faster forward."""


class Conv1d(nn.Conv1d):
    """torch.nn.Conv1d, computed by long convolutions where they are expected to be faster.

    The signature, every stride, padding, dilation, number of groups and padding mode, the initial values, the state_dict
    and the result, to rounding, are those of torch.nn.Conv1d: a cross-correlation,

    .. math:: y_{b,o,t} = b_o + \\sum_i \\sum_j w_{o,i,j}\\, x_{b,i,\\,s t + d j}

    with stride s, dilation d, x already padded and i the channels of o's group.

    Long convolutions are taken from 16·s taps on where each channel has one filter (groups = input = output channels). Else
    both must hold: the kernel has at least 48·s taps, and
    ``longwing.plan(length=L', filter_length=K, channels=1, mode="valid", dtype=…)``, L' the padded length over d, rounded
    up, does not choose direct sums. Elsewhere, and for dtypes and devices that longwing has not, it is torch's own conv1d.
    The rule depends on lengths, dtype and device alone; :meth:`explain` says what it comes to. A compiled or exported
    program serves many lengths: there the taps decide alone, and the operation chooses direct sums itself.

    By long convolutions, a dilated row is d rows of every d-th sample, a group of I input channels is I filter banks whose
    outputs are summed, and with stride s all outputs are computed and every s-th is kept.
    """

    def explain(self, length: int, dtype: torch.dtype = torch.float32, device: str = "cpu") -> str:
        """Return what runs for inputs of `length` samples before padding, for a person to read."""
        left, right = self._padding()
        reason = _plan_text(self._phase_length(length + left + right), self.kernel_size[0], NAMES.get(dtype), device)
        if self.kernel_size[0] < self._fewest_taps() * self.stride[0]:
            reason = f"{self.kernel_size[0]} taps are less than {self._fewest_taps()} times the stride {self.stride[0]}"
        taken = "long convolutions" if self._takes_long_conv(length + left + right, dtype, device) else "torch's conv1d"
        return f"{taken}: {reason}"

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002 - the name is torch's
        """Return the convolution of `input`, (N, C_in, L) or (C_in, L), as torch.nn.Conv1d does."""
        before, after = self._padding()
        padded_length = input.shape[-1] + before + after if input.ndim in (2, 3) else 0
        if not self._fits(input) or not self._takes_long_conv(padded_length, input.dtype, str(input.device)):
            return super().forward(input)
        mode = "constant" if self.padding_mode == "zeros" else self.padding_mode
        batched = input if input.ndim == 3 else input[None]
        padded = nn.functional.pad(batched, (before, after), mode=mode) if before or after else batched
        y = self._convolve(padded)
        if self.bias is not None:
            y = y + self.bias.to(y.dtype)[:, None]
        return y if input.ndim == 3 else y[0]

    def _padding(self) -> tuple[int, int]:
        left, right = self._reversed_padding_repeated_twice  # torch's order for pad: the last axis first
        return left, right

    def _fits(self, x: torch.Tensor) -> bool:
        """Whether torch's conv1d would take x; what it refuses it refuses in its own words."""
        return x.ndim in (2, 3) and x.shape[-2] == self.in_channels and x.dtype == self.weight.dtype and x.numel() > 0

    def _is_depthwise(self) -> bool:
        return bool(self.groups == self.in_channels == self.out_channels)

    def _fewest_taps(self) -> int:
        return _FEWEST_TAPS_DEPTHWISE if self._is_depthwise() else _FEWEST_TAPS

    def _phase_length(self, padded_length: int) -> int:
        return -(-padded_length // self.dilation[0])

    def _takes_long_conv(self, padded_length: int, dtype: torch.dtype, device: str) -> bool:
        taps = self.kernel_size[0]
        reach = (taps - 1) * self.dilation[0] + 1
        if taps < self._fewest_taps() * self.stride[0] or padded_length < reach:
            return False
        # Compiled, the length may be a symbol, of which no plan can be made.
        if self._is_depthwise() or torch.compiler.is_compiling():
            return bool(_has_engine(NAMES.get(dtype), device))
        return "transform" in _plan_text(self._phase_length(padded_length), taps, NAMES.get(dtype), device)

    def _convolve(self, x: torch.Tensor) -> torch.Tensor:
        """Sum over the input channels of a group; x is padded, and the result has every output channel."""
        batch, _, length = x.shape
        inputs, outputs = self.in_channels // self.groups, self.out_channels // self.groups
        dilation, taps = self.dilation[0], self.kernel_size[0]
        phase_length = self._phase_length(length)
        x = nn.functional.pad(x, (0, phase_length * dilation - length))
        phases = x.reshape(batch, self.groups, inputs, phase_length, dilation).permute(2, 0, 4, 1, 3)  # I, B, d, G, L'
        banks = self.weight.flip(-1).reshape(self.groups, outputs, inputs, taps).permute(2, 1, 0, 3)  # I, O/G, G, K
        y = long_conv(phases[0], banks[0], mode="valid", filter_bank=True)
        for rows, bank in zip(phases[1:], banks[1:], strict=True):
            y = y + long_conv(rows, bank, mode="valid", filter_bank=True)
        y = y.permute(0, 3, 2, 4, 1).reshape(batch, self.out_channels, -1)  # from (B, d, O/G, G, M)
        return y[..., : length - (taps - 1) * dilation : self.stride[0]]


def _plan_text(length: int, taps: int, dtype: str | None, device: str) -> str:
    """What longwing does with one row: its plan's line on the algorithm, or why it has none."""
    plan = _plan(length, taps, dtype, device)
    return plan if isinstance(plan, str) else plan.explain().splitlines()[2]


@torch.compiler.assume_constant_result
def _has_engine(dtype: str | None, device: str) -> bool:
    return not isinstance(_plan(1, 1, dtype, device), str)


def _plan(length: int, taps: int, dtype: str | None, device: str) -> longwing.ConvPlan | str:
    """Return the plan for one row, or why there is none."""
    if dtype is None:
        return "no dtype of longwing's"
    if not device.startswith(("cpu", "cuda")):
        return f"no device of longwing's: {device}"
    try:
        return longwing.plan(length=length, filter_length=taps, channels=1, mode="valid", dtype=dtype, device=device)  # type: ignore[arg-type]
    except LongwingRuntimeError as error:
        return str(error)
