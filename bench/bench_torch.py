"""The torch benchmark: a training step of LongConvModel beside the same model over torch.fft, on the CPU."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import longwing
import torch
from longwing.timing import Contender, Timing, compare
from longwing.torch import LongConv, LongConvModel, parameter_groups

from bench import machine

GRADIENT_LIMIT = 1e-4
"""Largest relative L2 error of a step's gradients against float64: float32 through 6 blocks and their batch norms."""

CURVE_LIMIT = 1e-3
"""Largest relative difference of a loss: AdamW turns a gradient's rounding into steps of the size of the learning rate."""


@dataclass(frozen=True)
class Setting:
    """A classifier of tokens (B, L) with n_layers x d_model, batch norm before each layer, C = 1."""

    n_layers: int
    d_model: int
    length: int
    batch: int
    rounds: int
    steps: int
    """Steps of the loss curves."""


FULL = Setting(6, 256, 4096, 8, rounds=5, steps=4)
SMOKE = Setting(2, 32, 512, 4, rounds=3, steps=4)

Batch = tuple[torch.Tensor, torch.Tensor]


def run(*, smoke: bool, threads: int = 1) -> dict[str, Any]:
    """Measure, print, and return every number; "right" is False where a result was wrong."""
    torch.set_num_threads(threads)
    longwing.set_num_threads(threads)
    setting = SMOKE if smoke else FULL
    batches = [_batch(setting, seed) for seed in range(setting.steps)]
    ours = _model(setting)
    peer = over_torch_fft(ours)
    saved = {name: saved_bytes(model, batches[0]) for name, model in (("longwing", ours), ("torch.fft", peer))}
    curves = {name: _curve(model, batches) for name, model in (("longwing", ours), ("torch.fft", peer))}
    timings = _time(setting, ours, peer, batches[0])
    report: dict[str, Any] = {
        "machine": machine.describe(),
        "commit": machine.commit(),
        "torch": torch.__version__,
        "threads": threads,
        "setting": asdict(setting),
        "timings": [asdict(timing) for timing in timings],
        "saved_bytes": saved,
        "losses": curves,
        "curve_difference": _difference(curves["longwing"], curves["torch.fft"]),
    }
    report["right"] = not any(t.rejected for t in timings) and report["curve_difference"] <= CURVE_LIMIT
    print("\n".join(_lines(report, timings)), flush=True)
    return report


def over_torch_fft(model: LongConvModel) -> LongConvModel:
    """Return a copy of the model that convolves with torch.fft, zero padded to 2L, then skip and GELU by autograd."""
    peer = copy.deepcopy(model)
    for block in peer.blocks:
        block.layer.convolve = partial(_convolve_by_fft, block.layer)
    return peer


def _convolve_by_fft(layer: LongConv, u: torch.Tensor) -> torch.Tensor:
    length = u.shape[-1]
    spectrum = torch.fft.rfft(layer.filter(length)[0], 2 * length)
    y = torch.fft.irfft(torch.fft.rfft(u, 2 * length) * spectrum, 2 * length)[..., :length]
    return torch.nn.functional.gelu(y + layer.skip[0][:, None] * u)


def saved_bytes(model: LongConvModel, batch: Batch) -> int:
    """Return the bytes that autograd keeps between forward and backward, parameters apart, each storage once."""
    storages: dict[int, torch.UntypedStorage] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storages[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage()
        return tensor

    copied = _copy(model)
    parameters = {parameter.untyped_storage().data_ptr() for parameter in copied.parameters()}
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        loss = _loss(copied, batch)
    kept = sum(storage.nbytes() for pointer, storage in storages.items() if pointer not in parameters)
    del loss
    return kept


def _model(setting: Setting) -> LongConvModel:
    torch.manual_seed(0)
    return LongConvModel(
        setting.d_model,
        setting.n_layers,
        setting.length,
        d_output=2,
        vocabulary=256,
        norm="batch",
        init="geometric",
        kernel_lr=1e-3,
    )


def _batch(setting: Setting, seed: int) -> Batch:
    """Tokens, and whether the first half holds the token 0 more often than the second: both halves count."""
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.randint(0, 16, (setting.batch, setting.length), generator=generator)
    first, second = (tokens == 0).long().chunk(2, dim=1)
    return tokens, (first.sum(1) > second.sum(1)).long()


def _loss(model: torch.nn.Module, batch: Batch) -> torch.Tensor:
    tokens, answers = batch
    return torch.nn.functional.cross_entropy(model(tokens), answers)


def _optimizer(model: torch.nn.Module) -> torch.optim.Optimizer:
    return torch.optim.AdamW(parameter_groups(model, 1e-3, 0.05))


def _step(model: torch.nn.Module, optimizer: torch.optim.Optimizer, batch: Batch) -> torch.Tensor:
    optimizer.zero_grad()
    loss = _loss(model, batch)
    loss.backward()
    optimizer.step()
    return loss.detach()


def _curve(model: LongConvModel, batches: list[Batch]) -> list[float]:
    trained = _copy(model)
    optimizer = _optimizer(trained)
    return [float(_step(trained, optimizer, batch)) for batch in batches]


def _time(setting: Setting, ours: LongConvModel, peer: LongConvModel, batch: Batch) -> list[Timing]:
    """Time steps of both; the first one's gradients are compared with those of torch.fft in float64."""
    exact = _copy(peer).double()
    _loss(exact, batch).backward()
    expected = _gradients(exact)
    del exact

    def contender(name: str, model: LongConvModel) -> Contender:
        trained = _copy(model)
        optimizer = _optimizer(trained)

        def call() -> Callable[[], torch.Tensor]:
            _step(trained, optimizer, batch)
            return partial(_gradients, trained)

        return Contender(name, call)

    def error(gradients: Callable[[], torch.Tensor]) -> float:
        return float((gradients().double() - expected).norm() / expected.norm())

    pair = [contender("longwing", ours), contender("torch.fft", peer)]
    return compare(pair, error=error, limit=GRADIENT_LIMIT, rounds=setting.rounds)


def _copy(model: LongConvModel) -> LongConvModel:
    """A copy with parameters of its own, over torch.fft where the model is."""
    copied = copy.deepcopy(model)
    return over_torch_fft(copied) if isinstance(model.blocks[0].layer.convolve, partial) else copied


def _gradients(model: torch.nn.Module) -> torch.Tensor:
    return torch.cat([parameter.grad.flatten() for parameter in model.parameters()])


def _difference(ours: list[float], others: list[float]) -> float:
    return max(abs(a - b) / abs(b) for a, b in zip(ours, others, strict=True))


def _lines(report: dict[str, Any], timings: list[Timing]) -> Iterator[str]:
    setting = report["setting"]
    yield f"{machine.processor()}, {machine.isa()}; commit {report['commit']}; threads for each: {report['threads']}"
    yield (
        f"training step of LongConvModel {setting['n_layers']}x{setting['d_model']}, L={setting['length']}, "
        f"batch {setting['batch']}, float32, AdamW; {setting['rounds']} interleaved rounds; torch {report['torch']}"
    )
    for timing in timings:
        saved = report["saved_bytes"][timing.name] / 2**20
        if timing.rejected:
            yield f"{timing.name:<10} not timed: {timing.rejected}"
        else:
            yield (
                f"{timing.name:<10} {timing.median * 1e3:9.1f} ms a step, range {timing.spread:.0%}, "
                f"{setting['batch'] / timing.median:7.2f} sequences/s, gradients off by {timing.error:.1e}, "
                f"{saved:8.1f} MiB saved for backward"
            )
    if not any(timing.rejected for timing in timings):
        ours, peer = timings
        yield f"throughput, longwing over torch.fft: {peer.median / ours.median:.2f}"
    saved = report["saved_bytes"]
    yield f"saved for backward, longwing over torch.fft: {saved['longwing'] / saved['torch.fft']:.2f}"
    for name, losses in report["losses"].items():
        yield f"losses, {name:<10} {' '.join(f'{loss:.6f}' for loss in losses)}"
    verdict = "within" if report["curve_difference"] <= CURVE_LIMIT else "ABOVE"
    yield f"largest relative difference of a loss: {report['curve_difference']:.1e}, {verdict} the limit {CURVE_LIMIT:.0e}"
