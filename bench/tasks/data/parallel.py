"""Work that is a function of its index, on all processors at once."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor


def for_blocks(count: int, block: int, work: Callable[[int, int], None], workers: int | None = None) -> None:
    """Call `work(start, stop)` for blocks of 0 … count-1, in threads: it should not hold Python's lock."""
    with ThreadPoolExecutor(workers or os.cpu_count()) as pool:
        for done in [pool.submit(work, start, min(start + block, count)) for start in range(0, count, block)]:
            done.result()
