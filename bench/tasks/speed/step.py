"""A training step of a model that is to be timed, and the memory that it takes."""

from __future__ import annotations

import math
import multiprocessing
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import torch
from longwing.torch import parameter_groups
from torch.nn import functional
from torch.utils.data import TensorDataset

from bench.tasks.config import Layer, Model
from bench.tasks.data import TaskData
from bench.tasks.errors import TaskError
from bench.tasks.models import build

CONTENDERS: dict[str, Layer] = {
    "longwing": "long_conv",
    "torch.fft": "torch_fft",
    "S4D": "s4d",
    "attention": "attention",
}


def device() -> torch.device:
    """Return where everything is timed: the GPU where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def new_model(layer: Layer, config: Model, length: int) -> torch.nn.Module:
    """Return a classifier of one channel of `length` samples into two classes, the same one at each call."""
    empty = TensorDataset(torch.empty(0))
    data = TaskData("speed", empty, empty, empty, "classification", None, 1, 2, length, "random numbers")
    torch.manual_seed(0)
    return build(replace(config, layer=layer), data).to(device())


def new_batch(batch: int, length: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return normal samples (batch, length, 1) and classes."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(batch, length, 1, generator=generator)
    return x.to(device()), (torch.arange(batch) % 2).to(device())


def new_step(model: torch.nn.Module, batch: tuple[torch.Tensor, torch.Tensor]) -> Callable[[], float]:
    """Return a call that does one step of AdamW and returns the loss."""
    optimizer = torch.optim.AdamW(parameter_groups(model, 1e-3, 0.05), fused=True)
    x, y = batch

    def step() -> float:
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return float(loss.detach())

    return step


AGREEMENT = 1e-4
"""Largest relative difference between the losses of longwing's model and torch.fft's, after a step of each."""


def check(calls: dict[str, Callable[[], float]]) -> None:
    """Raise unless longwing and torch.fft train to the same loss, and the others to a number."""
    losses = {name: call() for name, call in calls.items()}
    losses.update({name: calls[name]() for name in ("longwing", "torch.fft")})
    ours, theirs = losses["longwing"], losses["torch.fft"]
    if not abs(ours - theirs) <= AGREEMENT * abs(theirs):
        raise TaskError(f"after a step the loss is {ours} over longwing and {theirs} over torch.fft: they must agree")
    if not all(math.isfinite(loss) for loss in losses.values()):
        raise TaskError(f"losses are not finite: {losses}")


_OPERATIONS = {
    "dense products": ("aten::addmm", "aten::baddbmm", "aten::bmm", "aten::mm"),
    "batch norms": ("aten::native_batch_norm", "aten::native_batch_norm_backward"),
    "optimizer": ("aten::_fused_adamw_",),
}


def split(call: Callable[[], float]) -> dict[str, float]:
    """Return the seconds that a step spends on what does not depend on the convolution, and on all else, on the CPU."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
        call()
    seconds = {event.key: event.self_cpu_time_total / 1e6 for event in profile.key_averages()}
    parts = {name: sum(seconds.get(key, 0.0) for key in keys) for name, keys in _OPERATIONS.items()}
    return {**parts, "the convolution and all else": sum(seconds.values()) - sum(parts.values())}


def peak_bytes(layer: Layer, config: Model, batch: int, length: int, threads: int) -> int | None:
    """Return the memory that a step adds at its peak, parameters, gradients and optimizer included; None where unknown.

    On a CPU: the rise of the resident set in a process that does nothing else, as Linux tells it.
    """
    if device().type == "cuda":
        return _step_on_gpu(layer, config, batch, length)
    if not Path("/proc/self/status").exists():
        return None
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["bench.tasks.speed.step"])
    with context.Pool(1) as pool:
        return pool.apply(_step_on_cpu, (layer, config, batch, length, threads))


def _step_on_cpu(layer: Layer, config: Model, batch: int, length: int, threads: int) -> int:
    torch.set_num_threads(threads)
    new_step(new_model(layer, replace(config, width=4, heads=1), 64), new_batch(1, 64))()  # what a first step loads
    before = _status("VmRSS")
    new_step(new_model(layer, config, length), new_batch(batch, length))()
    return _status("VmHWM") - before


def _step_on_gpu(layer: Layer, config: Model, batch: int, length: int) -> int:
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    new_step(new_model(layer, config, length), new_batch(batch, length))()
    return torch.cuda.max_memory_allocated() - before


def _status(name: str) -> int:
    match = re.search(rf"^{name}:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="utf-8"), re.MULTILINE)
    assert match, f"/proc/self/status has no {name}"
    return int(match[1]) * 1024


def saved_bytes(model: torch.nn.Module, batch: tuple[torch.Tensor, torch.Tensor]) -> int:
    """Return the bytes that autograd keeps from forward to backward, parameters apart, each storage once."""
    storages: dict[int, torch.UntypedStorage] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storages[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage()
        return tensor

    x, y = batch
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        loss = functional.cross_entropy(model(x), y)
    parameters = set(_pointers(model))
    kept = sum(storage.nbytes() for pointer, storage in storages.items() if pointer not in parameters)
    del loss
    return kept


def _pointers(model: torch.nn.Module) -> Iterator[int]:
    return (parameter.untyped_storage().data_ptr() for parameter in model.parameters())
