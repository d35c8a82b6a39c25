"""A training step of Path256, sequences of 65,536, over longwing and over torch.fft, and the convolution alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from longwing import testing
from longwing.torch import long_conv

from bench.tasks import presets
from bench.tasks.errors import TaskError
from bench.tasks.speed import step
from bench.tasks.speed.timing import Elsewhere, interleaved

LENGTH = 65_536
BATCH = 4


def training_step(*, layers: int, batch: int, rounds: int) -> dict[str, Any]:
    """Time a step of the paper's model for Path256, with that many of its layers, over longwing and over torch.fft.

    Without kernel dropout, so that both compute the same: their losses must agree after a step. `saved_bytes` is what
    autograd keeps between forward and backward; each layer adds the same. `split` is that of one more step, under torch's
    profiler.
    """
    recipe = replace(presets.RECIPES["path256"].model, layers=layers, kernel_dropout=0.0)
    inputs = step.new_batch(batch, LENGTH)
    models = {name: step.new_model(step.CONTENDERS[name], recipe, LENGTH) for name in ("longwing", "torch.fft")}
    saved = {name: step.saved_bytes(model, inputs) for name, model in models.items()}
    calls = {name: step.new_step(model, inputs) for name, model in models.items()}
    step.check(calls)
    with Elsewhere() as elsewhere:
        timings = interleaved(calls, rounds)
    splits = {name: step.split(call) for name, call in calls.items()}
    return {
        "length": LENGTH,
        "batch": batch,
        "rounds": rounds,
        "elsewhere": elsewhere.share,
        "layers": layers,
        "paper_layers": presets.RECIPES["path256"].model.layers,
        "width": recipe.width,
        "channels": recipe.channels,
        "contenders": {
            name: {**timing, "saved_bytes": saved[name], "split": splits[name]} for name, timing in timings.items()
        },
        "speedup": timings["torch.fft"]["seconds"] / timings["longwing"]["seconds"],
    }


def memory(*, layers: int, batch: int, threads: int) -> dict[str, Any]:
    """Measure what the first step of the paper's model adds to a process at its peak, over longwing."""
    recipe = replace(presets.RECIPES["path256"].model, layers=layers)
    peak = step.peak_bytes(step.CONTENDERS["longwing"], recipe, batch, LENGTH, threads)
    return {
        "length": LENGTH,
        "batch": batch,
        "layers": layers,
        "paper_layers": presets.RECIPES["path256"].model.layers,
        "width": recipe.width,
        "channels": recipe.channels,
        "peak_bytes": peak,
    }


def convolution(*, batch: int, channels: int, rounds: int) -> dict[str, Any]:
    """Time the causal convolution alone, forward and backward, over longwing and over torch.fft."""
    generator = torch.Generator().manual_seed(0)
    shapes = ((batch, channels, LENGTH), (channels, LENGTH), (batch, channels, LENGTH))
    u, k, dy = (torch.randn(shape, generator=generator).to(step.device()) for shape in shapes)
    calls = {"longwing": _gradients(long_conv, u, k, dy), "torch.fft": _gradients(_over_torch_fft, u, k, dy)}
    exact = _gradients(_over_torch_fft, u.double(), k.double(), dy.double())()
    limit = testing.tolerance("float32", 2 * LENGTH)
    errors = {name: _error(call(), exact) for name, call in calls.items()}
    if not max(errors.values()) <= limit:
        raise TaskError(f"relative errors are {errors}: supported are up to {limit}")
    with Elsewhere() as elsewhere:
        timings = interleaved(calls, rounds)
    return {
        "length": LENGTH,
        "batch": batch,
        "rounds": rounds,
        "elsewhere": elsewhere.share,
        "channels": channels,
        "contenders": {name: {**timing, "error": errors[name]} for name, timing in timings.items()},
        "speedup": timings["torch.fft"]["seconds"] / timings["longwing"]["seconds"],
    }


Convolution = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def _gradients(
    convolve: Convolution, u: torch.Tensor, k: torch.Tensor, dy: torch.Tensor
) -> Callable[[], list[torch.Tensor]]:
    u, k = u.clone().requires_grad_(), k.clone().requires_grad_()

    def call() -> list[torch.Tensor]:
        y = convolve(u, k)
        return [y.detach(), *torch.autograd.grad(y, (u, k), dy)]

    return call


def _over_torch_fft(u: torch.Tensor, k: torch.Tensor) -> torch.Tensor:
    n = 2 * u.shape[-1]
    return torch.fft.irfft(torch.fft.rfft(u, n) * torch.fft.rfft(k, n), n)[..., : u.shape[-1]]


def _error(actual: list[torch.Tensor], exact: list[torch.Tensor]) -> float:
    return max(float((a.double() - e).norm() / e.norm()) for a, e in zip(actual, exact, strict=True))
