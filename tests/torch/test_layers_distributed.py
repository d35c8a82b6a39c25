"""Gradients of two gloo processes with half of the batch each, by DDP and FSDP, beside those of one with all of it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")


MODEL = """
import torch
import longwing.torch as lt
torch.set_num_threads(1)
torch.manual_seed(0)
model = lt.LongConvModel(8, 2, 24, vocabulary=9, d_output=3, init="geometric", channels=2, bidirectional=True).double()
ids = torch.randint(0, 9, (6, 30), generator=torch.Generator().manual_seed(1))
answers = ids[:, 0] % 3
"""

WORKER = (
    MODEL
    + """
import sys
from torch.distributed.fsdp import fully_shard
rank, store, results = int(sys.argv[1]), sys.argv[2], sys.argv[3]
torch.distributed.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=2)
half = slice(3 * rank, 3 * rank + 3)

def gradients(parallel):
    torch.nn.functional.cross_entropy(parallel(ids[half]), answers[half]).backward()
    found = {name: parameter.grad for name, parameter in model.named_parameters()}
    model.zero_grad()
    return found

replicated = gradients(torch.nn.parallel.DistributedDataParallel(model))
mesh = torch.distributed.init_device_mesh("cpu", (2,))
for block in model.blocks:
    fully_shard(block, mesh=mesh)
sharded = gradients(fully_shard(model, mesh=mesh))
sharded = {name: gradient.full_tensor() for name, gradient in sharded.items()}
torch.save({"DDP": replicated, "FSDP": sharded}, f"{results}/{rank}.pt")
torch.distributed.destroy_process_group()
"""
)


@pytest.mark.skipif(not torch.distributed.is_available(), reason="this torch has no distributed package")
def test_two_processes_have_the_gradients_of_one(tmp_path: Any) -> None:
    environment = {**os.environ, "GLOO_SOCKET_IFNAME": "lo", "OMP_NUM_THREADS": "1"}
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, str(rank), str(tmp_path / "store"), str(tmp_path)],
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    try:
        for worker in workers:
            _, errors = worker.communicate(timeout=300)
            assert worker.returncode == 0, errors
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    alone: dict[str, Any] = {}
    threads = torch.get_num_threads()
    exec(MODEL, alone)
    torch.set_num_threads(threads)
    torch.nn.functional.cross_entropy(alone["model"](alone["ids"]), alone["answers"]).backward()
    for rank in range(2):
        for kind, together in torch.load(tmp_path / f"{rank}.pt").items():
            for name, parameter in alone["model"].named_parameters():
                assert parameter.grad.any(), name
                at = f"{kind}, {name}"
                torch.testing.assert_close(together[name], parameter.grad, msg=lambda text, at=at: f"{at}: {text}")
