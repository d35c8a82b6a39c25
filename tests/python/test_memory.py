"""Memory of a call: a few transform lengths for each thread, whatever the batch. Read off the kernel's own account."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak is read off Linux's /proc")

SCRIPT = """
import sys
import numpy as np, longwing

def peak():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))

call, length, batch, threads = sys.argv[1], *map(int, sys.argv[2:])
longwing.set_num_threads(threads)
u = np.ones((batch, 2, length), "float32")
k = np.ones((2, length), "float32")
out = np.ones_like(u)
plan = longwing.plan(length=length, filter_length=length, channels=2)
spectrum = plan.spectrum(k)
longwing.clear_plan_cache()  # gives back the workspace that making the spectrum took
with open("/proc/self/clear_refs", "w") as file:
    file.write("5")  # the peak starts again from what is held now
before = peak()
if call == "forward":
    plan.forward(u, spectrum, out=out)
elif call == "long_conv":
    longwing.long_conv(u, k, out=out)
else:
    plan.backward(out, u, spectrum, wanted=("k",))
print(peak() - before, plan.workspace_bytes(batch))
"""

SLACK = 1 << 20  # pages that the kernel counts late, stacks of threads


def grown(call: str, length: int, batch: int, threads: int) -> tuple[int, int]:
    command = [sys.executable, "-c", SCRIPT, call, *map(str, (length, batch, threads))]
    first, second = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return int(first), int(second)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("call", ["long_conv", "forward"])
def test_a_call_takes_a_few_transform_lengths_a_thread(call: str, threads: int) -> None:
    length = 2**17
    transform = 8 * length  # n = L complex numbers of float32
    for batch in (1, 40):  # 40 samples of two rows are 80 transforms
        used, workspace = grown(call, length, batch, threads)
        spectra = 2 * transform if call == "long_conv" else 0
        assert workspace <= 4 * threads * transform
        assert used <= 4 * threads * transform + spectra + SLACK


def test_workspace_bytes_bounds_what_forward_takes() -> None:
    bounds = set()
    for batch in (1, 40):
        used, workspace = grown("forward", 2**17, batch, 2)
        assert used <= workspace + SLACK
        bounds.add(workspace)
    assert len(bounds) == 1


def test_the_gradient_of_the_filter_does_not_keep_the_batch() -> None:
    used = [grown("backward", 2**17, batch, 2)[0] for batch in (40, 120)]
    assert used[1] <= used[0] + SLACK
