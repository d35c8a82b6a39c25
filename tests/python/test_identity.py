"""Bits: one row's result is the same whatever stands beside it and however it is computed."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import longwing
import numpy as np
import pytest


def draw(shape: tuple[int, ...], seed: int = 0) -> Any:
    return np.random.default_rng(seed).standard_normal(shape).astype("float32")


@pytest.fixture(autouse=True)
def _threads() -> Any:
    before = longwing.get_num_threads()
    yield
    longwing.set_num_threads(before)


def gradients(u: Any, k: Any) -> Any:
    plan = longwing.plan(length=u.shape[-1], filter_length=k.shape[-1], channels=u.shape[-2], groups=k.shape[-2])
    result = plan.backward(u[..., ::-1], u, plan.spectrum(k))
    return result.u, result.k


@pytest.mark.parametrize("taps", [1, 200, 3000, 40000])
def test_threads_do_not_change_bits(taps: int) -> None:
    for batch, groups, channels in ((1, 1, 1), (9, 1, 2), (17, 2, 2)):
        u, k = draw((batch, channels, 40000)), draw((groups, taps), 1)
        results = []
        for threads in (1, 2, 3, 1):
            longwing.set_num_threads(threads)
            results.append((longwing.long_conv(u, k), *gradients(u, k)))
        for other in results[1:]:
            assert all(np.array_equal(a, b) for a, b in zip(results[0], other, strict=True))


@pytest.mark.parametrize("length", [40, 500, 5003])
def test_neighbours_do_not_change_bits(length: int) -> None:
    u, k = draw((9, 9, length)), draw((9, length), 1)
    whole = longwing.long_conv(u, k)
    for batch in (1, 2):
        for channels in (1, 7, 8):
            part = longwing.long_conv(u[:batch, :channels], k[:channels])
            assert np.array_equal(part, whole[:batch, :channels])
    plan = longwing.plan(length=length, filter_length=length, channels=9)
    assert np.array_equal(plan.forward(u, plan.spectrum(k)), whole)
    strided = np.ascontiguousarray(u.transpose(0, 2, 1)).transpose(0, 2, 1)
    assert np.array_equal(longwing.long_conv(strided, k), whole)


# Rows whose channels lie side by side are taken several together.
@pytest.mark.parametrize("channels", [2, 16, 35])
@pytest.mark.parametrize("filters", ["each", "group", "sample", "bank"])
def test_channels_last_does_not_change_bits(channels: int, filters: str) -> None:
    u, length = draw((3, channels, 777)), 777
    shape = {
        "each": (channels, length),
        "group": (1, length),
        "sample": (3, channels, length),
        "bank": (1, channels, length),
    }[filters]
    k, d, bank = draw(shape, 1), draw((channels,), 2), filters == "bank"
    whole = longwing.long_conv(u, k, skip=d, filter_bank=bank)
    last = np.ascontiguousarray(u.transpose(0, 2, 1)).transpose(0, 2, 1)
    out = np.empty_like(last) if not bank else np.empty((3, 1, length, channels), u.dtype).transpose(0, 1, 3, 2)
    assert np.array_equal(longwing.long_conv(last, k, skip=d, filter_bank=bank), whole)
    assert np.array_equal(longwing.long_conv(u, k, skip=d, filter_bank=bank, out=out), whole)
    assert np.array_equal(longwing.long_conv(last, k, skip=d, filter_bank=bank, out=out), whole)


@pytest.mark.parametrize("poison", [np.nan, np.inf, 1e30])
@pytest.mark.parametrize("length", [40, 500, 5003])
def test_rows_are_isolated(poison: float, length: int) -> None:
    u, k = draw((3, 4, length)), draw((4, length), 1)
    clean = longwing.long_conv(u, k)
    u[1, 2, length // 2] = poison
    dirty = longwing.long_conv(u, k)
    assert not np.array_equal(dirty[1, 2], clean[1, 2])
    clean[1, 2] = dirty[1, 2] = 0
    assert np.array_equal(dirty, clean)


SCRIPT = """
import numpy as np, longwing, sys
rng = np.random.default_rng(0)
worst = 0.0
for length in (16, 100, 300, 1000, 5003, 70001):
    for dtype in ("float32", "float64", "float16"):
        u, k = rng.standard_normal((2, 3, length)).astype(dtype), rng.standard_normal((3, length)).astype(dtype) / 32
        k = k.astype(dtype)
        exact = longwing.testing.reference(u, k)
        longwing.testing.assert_close(longwing.long_conv(u, k), exact, dtype=dtype, n=length)
assert longwing.info()["isa"] == sys.argv[1]
"""


@pytest.mark.parametrize("isa", longwing.info()["available_isas"])
def test_each_instruction_set(isa: str) -> None:
    script = "import longwing.testing\n" + SCRIPT
    subprocess.run([sys.executable, "-c", script, isa], check=True, env={**os.environ, "LONGWING_ISA": isa})


def test_unknown_instruction_set_is_refused() -> None:
    call = "import longwing, numpy as n; longwing.long_conv(n.ones((1, 9), 'f4'), n.ones((1, 9), 'f4'))"
    done = subprocess.run(
        [sys.executable, "-c", call],
        env={**os.environ, "LONGWING_ISA": "mmx"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "LONGWING_ISA" in done.stderr
    assert "mmx" in done.stderr


def test_fork_after_threads() -> None:
    script = """
import os, numpy as np, longwing
longwing.set_num_threads(2)
u = np.ones((8, 8, 5000), "float32"); k = np.ones((8, 5000), "float32")
y = longwing.long_conv(u, k)
pid = os.fork()
if pid == 0:
    os._exit(0 if np.array_equal(longwing.long_conv(u, k), y) else 1)
assert os.waitpid(pid, 0)[1] == 0
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", script], check=True, timeout=60)
