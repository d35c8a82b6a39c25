"""The torch operator keeps to torch's number of threads, and to it alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="torch is not installed")

# Threads of the pool are made when they are first needed and stay: how many there are says how many were used.
PROGRAM = """
import os
import longwing, longwing.torch, torch
u, k = torch.randn(4, 8, 4096), torch.randn(8, 4096, requires_grad=True)
longwing.set_num_threads(3)
threads = lambda: len(os.listdir("/proc/self/task"))

def torchs():
    y = longwing.torch.long_conv(u, k)
    torch.autograd.grad(y, k, u)

def fails():
    try:
        longwing.torch.long_conv(u, u)
    except longwing.LongwingValueError:
        pass

torch.set_num_threads(1)
torch.autograd.grad(k.sum(), k)
before = threads()
torchs(), fails()
made = [threads() - before]
assert longwing.get_num_threads() == 3
torch.set_num_threads(2)
torchs()
made.append(threads() - before)
longwing.long_conv(u, k.detach())
made.append(threads() - before)
print(made)
"""


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="the system does not list threads")
def test_calls_use_as_many_threads_as_torch_may() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[0, 1, 2]"
