"""torch.fft, with torch's autograd; what longwing fuses is one operation of torch after the other."""

from __future__ import annotations

from typing import Any

import torch

from bench.peers.calls import Calls, Problem, smooth_length

NAME = "torch.fft"
VERSION = torch.__version__

set_threads = torch.set_num_threads


def prepare(problem: Problem) -> Calls:
    """Return the usual product of transforms, and its forward and backward by autograd."""
    set_threads(problem.threads)
    convolution = _Convolution(problem)
    dtype = getattr(torch, problem.dtype)
    signal, taps, gradient = (torch.from_numpy(array).to(dtype) for array in (problem.u, problem.k, problem.dy))
    learned = signal.clone().requires_grad_(), taps.clone().requires_grad_()
    kept = convolution.spectrum(taps)

    def train() -> tuple[Any, Any, Any]:
        x, filters = learned
        y = convolution.output(x, convolution.spectrum(filters))
        return y.detach(), *torch.autograd.grad(y, learned, gradient)

    return Calls(
        full=lambda: convolution.output(signal, convolution.spectrum(taps)),
        cached=lambda: convolution.output(signal, kept),
        train=train,
    )


class _Convolution:
    def __init__(self, problem: Problem) -> None:
        self.n, self.length = smooth_length(problem.u, problem.k), problem.u.shape[-1]
        channels, filters = problem.u.shape[-2], problem.k.shape[-2]
        self.repeats = channels // filters if filters > 1 else 1  # one filter is broadcast
        tensors = {name: torch.from_numpy(value) for name, value in problem.arguments.items() if hasattr(value, "shape")}
        self.skip, self.reverse = tensors.get("skip"), tensors.get("reverse_filter")
        self.pre_gate, self.post_gate = tensors.get("pre_gate"), tensors.get("post_gate")
        self.activation = {None: None, "gelu": torch.nn.functional.gelu, "silu": torch.nn.functional.silu}[
            problem.arguments.get("activation")
        ]
        self.bank = "filter_bank" in problem.arguments

    def spectrum(self, taps: torch.Tensor) -> torch.Tensor:
        if self.reverse is not None:  # a tap of lag -(j+1) stands n-(j+1) places on
            zeros = taps.new_zeros(*taps.shape[:-1], self.n - taps.shape[-1] - self.reverse.shape[-1])
            taps = torch.cat((taps, zeros, self.reverse.flip(-1)), -1)
        spectrum = torch.fft.rfft(taps, self.n)
        return spectrum if self.repeats == 1 else spectrum.repeat_interleave(self.repeats, -2)

    def output(self, u: torch.Tensor, spectrum: torch.Tensor) -> torch.Tensor:
        x = u if self.pre_gate is None else self.pre_gate * u
        transformed = torch.fft.rfft(x, self.n)
        transformed = transformed[:, None] if self.bank else transformed
        y = torch.fft.irfft(transformed * spectrum, self.n)[..., : self.length]
        y = y if self.skip is None else y + self.skip[:, None] * x
        y = y if self.activation is None else self.activation(y)
        return y if self.post_gate is None else self.post_gate * y
