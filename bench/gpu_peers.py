"""The contenders of the GPU benchmark: longwing, and the pipeline that torch users write with rfft."""

from __future__ import annotations

from typing import Any

import longwing
import torch
from longwing import testing

from bench.cases import Case

Tensor = torch.Tensor

VERIFIED_ROWS = 4
"""Samples of the batch, and channels, that are compared with float64."""

_SLICE_BYTES = 6 << 30
"""torch's pipeline runs over slices of the batch whose transforms fit this: at 64K the whole does not fit any device."""


class Problem:
    """Normal data of a case on the device, and what is right on some of its rows."""

    def __init__(self, case: Case) -> None:
        self.case = case
        generator = torch.Generator("cuda").manual_seed(case.length)
        dtype = getattr(torch, case.dtype)

        def normal(*shape: int, like: torch.dtype = dtype) -> Tensor:
            return torch.randn(shape, generator=generator, device="cuda", dtype=torch.float32).to(like)

        shape = (case.batch, case.channels, case.length)
        self.u = normal(*shape)
        self.k = normal(case.channels, case.filter_length, like=torch.float32)
        self.dy = normal(*shape) if "train" in case.measures else None
        gated = "gates" in case.features
        self.pre, self.post = (normal(*shape) if gated else None for _ in range(2))
        self.expected = self._expected()

    @property
    def mode(self) -> str:
        """Circular where the case says so, else causal."""
        return "circular" if "circular" in self.case.features else "causal"

    @property
    def padded(self) -> int:
        """Points of a real transform that carries out the convolution."""
        return self.case.length if self.mode == "circular" else 2 * self.case.length

    def bytes_moved(self, *, train: bool) -> int:
        """Bytes that a call must read and write: arrays once, spectra of 8 bytes a point once."""
        element = self.u.element_size()
        arrays = (2 if self.pre is None else 4) + (3 if train else 0)
        return arrays * self.u.numel() * element + 8 * self.k.numel() * (2 if train else 1)

    def limit(self, *, train: bool) -> float:
        """Largest relative L2 error of a right result."""
        return testing.tolerance(self.case.dtype, 2 * self.case.length) * (2 if train else 1)

    def error(self, result: Any) -> float:
        """Largest relative L2 error of y, or of y, du and dk, on the rows that are verified; inf where not finite."""
        results = result if isinstance(result, tuple) else (result,)
        errors = []
        for actual, (rows, right) in zip(results, self.expected, strict=False):
            if not bool(torch.isfinite(actual).all()):
                return float("inf")
            difference = actual[rows].double() - right
            errors.append(float(difference.norm() / right.norm()))
        return max(errors)

    def _expected(self) -> list[tuple[Any, Tensor]]:
        b, h = min(VERIFIED_ROWS, self.case.batch), min(VERIFIED_ROWS, self.case.channels)
        some: tuple[Any, ...] = (slice(0, b), slice(0, h))
        k = self.k[:h].double().requires_grad_()
        u = self.u[some].double().requires_grad_()
        y = convolve(u if self.pre is None else u * self.pre[some], k, self.padded)
        y = y if self.post is None else y * self.post[some]
        found: list[tuple[Any, Tensor]] = [(some, y.detach())]
        if self.dy is not None:
            # The filter's gradient sums the whole batch: in float64, channel by channel.
            (du,) = torch.autograd.grad(y, u, self.dy[some].double(), retain_graph=True)
            every = convolve(self.u[:, :h].double(), k, self.padded)
            (dk,) = torch.autograd.grad(every, k, self.dy[:, :h].double())
            found += [(some, du), (slice(0, h), dk)]
        return found


def convolve(x: Tensor, k: Tensor, n: int) -> Tensor:
    """Return the first samples of the circular convolution of n points."""
    return torch.fft.irfft(torch.fft.rfft(x, n) * torch.fft.rfft(k, n), n)[..., : x.shape[-1]]


class Longwing:
    """The operation through torch tensors, on torch's stream."""

    name = "longwing"

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        case = problem.case
        self.plan = longwing.plan(
            length=case.length,
            filter_length=case.filter_length,
            channels=case.channels,
            mode=problem.mode,
            dtype=case.dtype,
            device="cuda:0",
        )
        self.spectrum = self.plan.spectrum(problem.k)
        self.out = torch.empty_like(problem.u)

    def forward(self) -> Any:
        """y, the filter transformed in the call."""
        p = self.problem
        return longwing.long_conv(p.u, p.k, mode=p.mode, pre_gate=p.pre, post_gate=p.post, out=self.out)

    def cached(self) -> Any:
        """y with the spectrum kept."""
        p = self.problem
        return self.plan.forward(p.u, self.spectrum, pre_gate=p.pre, post_gate=p.post, out=self.out)

    def train(self) -> Any:
        """y, du and dk, the filter transformed in the call."""
        p = self.problem
        spectrum = self.plan.spectrum(p.k)
        y = self.plan.forward(p.u, spectrum, out=self.out)
        gradients = self.plan.backward(p.dy, p.u, spectrum)
        return y, gradients.u, gradients.k


class TorchRfft:
    """rfft, product, irfft in float32 (float64 where the arrays are), over slices of the batch that fit the memory."""

    name = "torch rfft"

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.real = torch.float64 if problem.u.dtype == torch.float64 else torch.float32
        self.kept = self._spectrum()
        of_sample = 8 * problem.padded * problem.case.channels
        self.slice = max(1, min(problem.case.batch, _SLICE_BYTES // (3 * of_sample)))
        self.out = torch.empty_like(problem.u)

    def forward(self) -> Tensor:
        """y, the filter transformed in the call."""
        return self._sliced(self._spectrum())

    def cached(self) -> Tensor:
        """y with the spectrum kept."""
        return self._sliced(self.kept)

    def train(self) -> tuple[Tensor, Tensor, Tensor]:
        """y, du and dk by autograd."""
        p = self.problem
        if p.dy is None:
            raise longwing.LongwingValueError("this case has no gradient")
        du, dk = torch.empty_like(p.u), torch.zeros_like(p.k)
        for part in self._parts():
            u, k = p.u[part].detach().requires_grad_(), p.k.detach().requires_grad_()
            y = convolve(u.to(self.real), k.to(self.real), p.padded).to(u.dtype)
            self.out[part] = y.detach()
            du[part], of_part = torch.autograd.grad(y, (u, k), p.dy[part])
            dk += of_part
        return self.out, du, dk

    def _spectrum(self) -> Tensor:
        return torch.fft.rfft(self.problem.k.to(self.real), self.problem.padded)

    def _sliced(self, spectrum: Tensor) -> Tensor:
        p = self.problem
        for part in self._parts():
            x = p.u[part].to(self.real) if p.pre is None else p.u[part].to(self.real) * p.pre[part]
            y = torch.fft.irfft(torch.fft.rfft(x, p.padded) * spectrum, p.padded)[..., : p.case.length]
            self.out[part] = y if p.post is None else y * p.post[part]
        return self.out

    def _parts(self) -> list[slice]:
        return [slice(first, first + self.slice) for first in range(0, self.problem.case.batch, self.slice)]
