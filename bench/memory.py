"""Peak memory of one call beyond its inputs: each peer and case in a process of its own, where nothing was computed before.

The system's own high-water mark of the process is reset before the call: what the peer plans, keeps, allocates
for the result and works in counts. A call of another length comes first, so that loading libraries does not.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench import cases, peers, problem

_WARM_UP = 256
"""Length of the first call."""


def supported() -> bool:
    """Whether the system lets a process reset its high-water mark."""
    return Path("/proc/self/clear_refs").exists()


def measure(case: cases.Case, module: str) -> dict[str, Any]:
    """Return what one peer takes for one case, in a new process; "bytes" is None with the reason where it can't."""
    command = [sys.executable, "-m", "bench.memory", module, case.name]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines()
        return _entry(case, module, None, lines[-1] if lines else f"exit status {done.returncode}")
    name, taken = json.loads(done.stdout)
    return _entry(case, name, taken, "")


def run(only: Sequence[str] = ()) -> Iterator[dict[str, Any]]:
    """Yield every peer's entries, one power of two a length, float32, one thread; of the cases in `only`, where given."""
    for case in cases.one_a_length(cases.POWERS):
        if not only or case.name in only:
            yield from (measure(case, module) for module in peers.MODULES)


def _entry(case: cases.Case, name: str, taken: int | None, reason: str) -> dict[str, Any]:
    shape = [case.batch, case.channels, case.length]
    return {"case": case.name, "shape": shape, "samples": case.samples, "name": name, "bytes": taken, "absent": reason}


def _status(field: str) -> int:
    """Return a size of this process in bytes."""
    text = Path("/proc/self/status").read_text(encoding="utf-8")
    return next(int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith(f"{field}:"))


def _taken(case: cases.Case, peer: peers.Peer) -> int:
    peer.prepare(problem.make(replace(case, length=_WARM_UP))).full()
    given = problem.make(case)
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")
    before = _status("VmRSS")
    result = peer.prepare(given).full()
    taken = _status("VmHWM") - before
    del result
    return taken


if __name__ == "__main__":
    _module, _name = sys.argv[1:]
    _peer = peers.load(_module)
    print(json.dumps([_peer.name, _taken(next(case for case in cases.CASES if case.name == _name), _peer)]))
