"""Ctrl-C, the GIL, Python threads and forked children, in processes of their own.

A call that would take minutes stands for a long one: 20000 rows of a million samples, of which 100 outputs each are kept,
all of them views of one row. No test measures time: what ended early has left rows of `out` unwritten.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import Any

import longwing
import numpy as np
import pytest

SETUP = """
import os, signal, sys, threading
import numpy as np, longwing

longwing.set_num_threads(2)
rng = np.random.default_rng(0)
B, L, K = 20000, 2**20, 2**20 - 99
k = rng.standard_normal((1, K), dtype="float32")
u = np.broadcast_to(rng.standard_normal((1, 1, L), dtype="float32"), (B, 1, L))
out = np.full((B, 1, 100), np.nan, "float32")
plan = longwing.plan(length=L, filter_length=K, channels=1, mode="valid")
spectrum = plan.spectrum(k)
calls = {
    "long_conv": lambda: longwing.long_conv(u, k, mode="valid", out=out),
    "forward": lambda: plan.forward(u, spectrum, out=out),
}
signal.signal(signal.SIGALRM, signal.default_int_handler)

def written():
    return int(np.isfinite(out[:, 0, 0]).sum())
"""


def run(script: str, *arguments: str) -> str:
    """What the script printed; a hang ends after a minute."""
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", SETUP + script, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.skipif(not hasattr(os, "fork"), reason="signals of this kind are POSIX's")
@pytest.mark.parametrize("call", ["long_conv", "forward"])
def test_a_signal_handler_that_raises_ends_a_long_call(call: str) -> None:
    script = """
signal.setitimer(signal.ITIMER_REAL, 0.2)
try:
    calls[sys.argv[1]]()
except KeyboardInterrupt:
    assert written() < B
    small = longwing.long_conv(np.ones((1, 9), "f4"), np.ones((1, 9), "f4"))
    assert np.allclose(small, np.arange(1, 10))
    print("interrupted")
"""
    assert run(script, call) == "interrupted\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="signals of this kind are POSIX's")
def test_ctrl_c_ends_a_long_call() -> None:
    script = """
signal.signal(signal.SIGINT, signal.default_int_handler)  # a process of a background job starts with the signal ignored
threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    calls["long_conv"]()
except KeyboardInterrupt:
    print("interrupted", written() < B)
"""
    assert run(script) == "interrupted True\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="signals of this kind are POSIX's")
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("call", ["long_conv", "forward", "backward"])
def test_a_handler_that_returns_lets_the_call_go_on(call: str, threads: int) -> None:
    script = f"longwing.set_num_threads({threads})" + """
H, n = 40, 2**16
narrow = longwing.plan(length=n, filter_length=n, channels=H)
taps = np.broadcast_to(k[:, :n], (H, n))
rows = np.broadcast_to(u[0, 0, :n], (300, H, n))
bank = narrow.spectrum(taps)
calls["backward"] = lambda: narrow.backward(rows, rows, bank, wanted=("k",))
seen = []
def handler(number, frame):
    seen.append(finished)
    if len(seen) == 3:
        raise ValueError("the third")
signal.signal(signal.SIGALRM, handler)
finished = False
signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
try:
    calls[sys.argv[1]]()
    finished = True
except ValueError as error:
    signal.setitimer(signal.ITIMER_REAL, 0)
    print(error, seen[:3])
"""
    assert run(script, call) == "the third [False, False, False]\n"


def test_other_python_threads_run_during_a_call() -> None:
    script = """
threading.Thread(target=calls["forward"], daemon=True).start()
while not written():
    pass
print("running", written() < B, flush=True)
os._exit(0)
"""
    assert run(script) == "running True\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_child_forked_during_a_call_computes() -> None:
    script = """
threading.Thread(target=calls["forward"], daemon=True).start()
while not written():
    pass
small, taps = rng.standard_normal((4, 3, 5000)).astype("f4"), rng.standard_normal((3, 5000)).astype("f4")
pid = os.fork()
if pid == 0:
    y = longwing.long_conv(small, taps)
    longwing.clear_plan_cache()
    longwing.set_num_threads(3)
    os._exit(0 if np.array_equal(y, longwing.long_conv(small, taps)) else 1)
print("child", os.waitpid(pid, 0)[1], flush=True)
os._exit(0)
"""
    assert run(script) == "child 0\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_pool_of_forked_processes_uses_the_parents_plan_and_spectrum() -> None:
    script = """
import multiprocessing
small, taps = rng.standard_normal((4, 3, 5000)).astype("f4"), rng.standard_normal((3, 5000)).astype("f4")
plan = longwing.plan(length=5000, filter_length=5000, channels=3)
spectrum = plan.spectrum(taps)
def work(sample):
    return plan.forward(small[sample : sample + 1], spectrum)
expected = plan.forward(small, spectrum)
with multiprocessing.get_context("fork").Pool(2) as pool:
    results = pool.map(work, range(4))
print(np.array_equal(np.concatenate(results), expected))
"""
    assert run(script) == "True\n"


def in_threads(count: int, work: Any) -> list[Any]:
    """work(i) of every i, all started together; the first exception is raised here."""
    results: list[Any] = [None] * count
    start = threading.Barrier(count)

    def body(i: int) -> None:
        start.wait()
        try:
            results[i] = work(i)
        except BaseException as error:
            results[i] = error

    threads = [threading.Thread(target=body, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results


@pytest.mark.parametrize(("length", "taps"), [(60, 60), (3000, 3000), (90000, 90000), (20000, 100)])
def test_many_threads_share_one_plan_and_one_spectrum(length: int, taps: int) -> None:
    rng = np.random.default_rng(0)
    u = rng.standard_normal((3, 2, length)).astype("float32")
    k = rng.standard_normal((2, taps)).astype("float32")
    plan = longwing.plan(length=length, filter_length=taps, channels=2)
    spectrum = plan.spectrum(k)
    expected, gradients = plan.forward(u, spectrum), plan.backward(u, u, spectrum)

    def work(i: int) -> bool:
        equal = [np.array_equal(plan.forward(u, spectrum), expected) for _ in range(3)]
        if i % 2:
            again = plan.backward(u, u, spectrum)
            equal += [np.array_equal(again.u, gradients.u), np.array_equal(again.k, gradients.k)]
        return all(equal)

    assert all(in_threads(8, work))


def test_threads_that_make_plans_and_clear_the_cache_get_right_results() -> None:
    u = np.random.default_rng(0).standard_normal((1, 2100)).astype("float32")
    lengths = range(2000, 2100, 9)
    expected = {n: longwing.long_conv(u[:, :n], u[:, :n]) for n in lengths}
    before = longwing.set_plan_cache_limit(100_000)

    def work(i: int) -> bool:
        for n in lengths:
            if i == 0:
                longwing.clear_plan_cache()
            if not np.array_equal(longwing.long_conv(u[:, :n], u[:, :n]), expected[n]):
                return False
        return True

    try:
        assert all(in_threads(6, work))
    finally:
        longwing.set_plan_cache_limit(before)
