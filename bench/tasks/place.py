"""Where a run reads and writes, and with what it computes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Place:
    """Nothing here changes what is computed, but for the order of sums."""

    data: Path | None
    """The data files, for the tasks that need some."""

    runs: Path
    """A folder for each run (checkpoint, CSV, TensorBoard), and the cache of generated data."""

    results: Path
    """The folder of the records."""

    threads: int = 0
    """0: torch's own choice."""

    devices: int = 0
    """Processes, each with a device; 0: as many of the GPUs as share a batch evenly, one process without."""

    quiet: bool = False
