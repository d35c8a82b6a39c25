"""``python -m bench.bench_butterfly``: learned butterflies beside fixed ones and long_conv.

The fixed one always has shared matrices. Ratios are medians over rounds of two times of the same round, so that what slows
the machine for a while cancels. Beside them, the forms of a stage's complex product.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from longwing import testing
from longwing.timing import Contender, Timing, compare
from longwing.torch import long_conv
from longwing.torch.butterfly import ButterflyConv

from bench import machine


class Case(NamedTuple):
    """A convolution (batch, channels, length) by butterflies of one block size, with shared matrices or a channel's own."""

    batch: int
    channels: int
    length: int
    block_size: int
    own: bool = False
    smoke: bool = False

    @property
    def name(self) -> str:
        shape = f"{self.batch},{self.channels},{self.length}"
        return f"{shape} r={self.block_size} {'own' if self.own else 'shared'}"


CASES = (
    Case(4, 64, 1024, 4),
    Case(4, 64, 1024, 16, smoke=True),
    Case(4, 64, 1024, 64),
    Case(4, 64, 4096, 16),
    Case(4, 64, 1024, 16, own=True),
    Case(16, 32, 512, 16, own=True, smoke=True),
)
LIMIT = 1.05
"""The largest ratio of a learned convolution's time to a fixed one's, with shared matrices."""

PRODUCTS = ((1, 16, 2**16), (128, 16, 256), (1, 64, 2**14), (1, 1024, 256))
"""A stage's left, block and right·batch, for the forms of the complex product."""


def run(*, smoke: bool, rounds: int | None = None) -> dict[str, Any]:
    """Measure and print each line when it is there; return everything, with "right" where every result was."""
    rounds = rounds or (3 if smoke else 15)
    print(f"{machine.processor()}; commit {machine.commit()}; torch {torch.__version__}, {torch.get_num_threads()} threads")
    print(f"ms: median of {rounds} interleaved rounds, float32; learned/fixed and learned/long_conv: medians over rounds\n")
    columns = f"{'learned':>9}{'fixed':>9}{'long_conv':>11}{'/fixed':>8}{'/long_conv':>12}"
    print(f"{'B,H,L block matrices':<28}{'measure':<10}{columns}")
    results = []
    for case in CASES:
        if case.smoke or not smoke:
            for measure, timings in _measured(case, rounds):
                print(f"{case.name:<28}{measure:<10}{_line(timings)}", flush=True)
                told = {"case": case._asdict(), "name": case.name, "measure": measure}
                results.append({**told, "timings": [vars(t) for t in timings]})
    print(f"\n{'left,block,right':<28}complex product by that many real ones")
    for shape in PRODUCTS[: 2 if smoke else None]:
        timings = _products(shape, rounds)
        print(f"{','.join(map(str, shape)):<28}{', '.join(_product_cell(t) for t in timings)}", flush=True)
        results.append({"case": shape, "measure": "product", "timings": [vars(t) for t in timings]})
    right = not any(timing["rejected"] for result in results for timing in result["timings"])
    return {"machine": machine.describe(), "commit": machine.commit(), "right": right, "results": results}


def _measured(case: Case, rounds: int) -> Iterator[tuple[str, list[Timing]]]:
    generator = torch.Generator().manual_seed(case.length)
    shape = case.batch, case.channels, case.length
    u, dy = (torch.randn(shape, generator=generator) for _ in range(2))
    k = torch.randn(shape[1:], generator=generator)
    own = case.channels if case.own else 1
    calls: dict[str, Callable[..., torch.Tensor]] = {
        "learned": ButterflyConv(case.length, block_size=case.block_size, channels=own),
        "fixed": ButterflyConv(case.length, block_size=case.block_size, learned=False),
        "long_conv": long_conv,
    }
    y, gradients = testing.reference(u, k), testing.reference_gradients(dy, u, k)
    limit = testing.tolerance("float32", 2 * case.length)
    for measure, bind, expected in (
        ("forward", _forward, (y,)),
        ("training", _training, (y, gradients.u, gradients.k)),
    ):
        contenders = [Contender(name, bind(call, u, k, dy)) for name, call in calls.items()]
        yield measure, compare(contenders, error=_error_against(expected), limit=limit, rounds=rounds)


def _forward(call: Callable[..., torch.Tensor], u: torch.Tensor, k: torch.Tensor, dy: torch.Tensor) -> Callable[[], Any]:
    def forward() -> tuple[torch.Tensor]:
        with torch.no_grad():
            return (call(u, k),)

    return forward


def _training(call: Callable[..., torch.Tensor], u: torch.Tensor, k: torch.Tensor, dy: torch.Tensor) -> Callable[[], Any]:
    """Forward and backward, with the gradients of u and k, as inside a model, and of learned matrices."""
    matrices = list(call.parameters()) if isinstance(call, torch.nn.Module) else []
    u, k = u.clone().requires_grad_(), k.clone().requires_grad_()

    def training() -> tuple[torch.Tensor, ...]:
        y = call(u, k)
        du, dk, *_ = torch.autograd.grad(y, [u, k, *matrices], dy)
        return y.detach(), du, dk

    return training


def _products(shape: tuple[int, int, int], rounds: int) -> list[Timing]:
    """Time (left, block, right) complex products, input and output with real and imaginary part stacked."""
    left, size, right = shape
    generator = torch.Generator().manual_seed(size)
    state = torch.randn(left, 2 * size, right, generator=generator)
    re, im = torch.randn(2, 1, size, size, generator=generator)
    expected = torch.complex(re, im).to(torch.complex128) @ torch.complex(*state.double().chunk(2, 1))
    block = torch.cat((torch.cat((re, -im), 2), torch.cat((im, re), 2)), 1)

    def three() -> torch.Tensor:
        x, y = state.chunk(2, 1)
        a, b, c = re @ x, im @ y, (re + im) @ (x + y)
        return torch.cat((a - b, c - a - b), 1)

    def four() -> torch.Tensor:
        x, y = state.chunk(2, 1)
        return torch.cat((re @ x - im @ y, im @ x + re @ y), 1)

    calls = {"one": lambda: block @ state, "three": three, "four": four}
    stacked = (torch.cat((expected.real, expected.imag), 1),)
    contenders = [Contender(name, call) for name, call in calls.items()]
    limit = testing.tolerance("float32", size)
    return compare(contenders, error=lambda z: _error_against(stacked)((z,)), limit=limit, rounds=rounds)


def _error_against(expected: Sequence[Any]) -> Callable[[Sequence[torch.Tensor]], float]:
    return lambda results: max(testing.relative_l2(a, e) for a, e in zip(results, expected, strict=True))


def _line(timings: Sequence[Timing]) -> str:
    wrong = [f"{timing.name}: {timing.rejected}" for timing in timings if timing.rejected]
    if wrong:
        return "  not timed: " + "; ".join(wrong)
    learned, fixed, plain = timings
    times = f"{learned.median * 1e3:>9.2f}{fixed.median * 1e3:>9.2f}{plain.median * 1e3:>11.2f}"
    return f"{times}{_ratio(learned, fixed):>8.3f}{_ratio(learned, plain):>12.1f}"


def _product_cell(timing: Timing) -> str:
    return (
        f"{timing.name} not timed: {timing.rejected}" if timing.rejected else f"{timing.name} {timing.median * 1e3:.2f} ms"
    )


def _ratio(a: Timing, b: Timing) -> float:
    return statistics.median(x / y for x, y in zip(a.seconds, b.seconds, strict=True))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark; return 1 where a result was wrong."""
    parser = argparse.ArgumentParser(prog="python -m bench.bench_butterfly", description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="few cases and rounds: less than a minute")
    parser.add_argument("--threads", type=int, default=1, help="threads (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every number to FILE")
    arguments = parser.parse_args(argv)
    if arguments.threads < 1:
        parser.error(f"--threads is {arguments.threads}: supported are 1 and more")
    torch.set_num_threads(arguments.threads)
    record = run(smoke=arguments.smoke)
    if arguments.json:
        arguments.json.write_text(json.dumps({**record, "threads": arguments.threads}, indent=1) + "\n", encoding="utf-8")
    return 0 if record["right"] else 1


if __name__ == "__main__":
    sys.exit(main())
