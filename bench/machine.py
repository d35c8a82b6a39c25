"""What a result was measured on."""

from __future__ import annotations

import os
import platform
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import longwing


def processor() -> str:
    """Return the processor's name, as far as the system tells."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _processor_line(*keys: str) -> str:
    """Return those of the first processor's lines that are there: names alone do not tell generations apart."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8").partition("\n\n")[0]
    except OSError:
        return ""
    pairs = [(key.strip(), value.strip()) for key, _, value in (line.partition(":") for line in text.splitlines())]
    return ", ".join(f"{key} {value}" for key, value in pairs if key in keys)


def isa() -> str:
    """Return the instruction set that longwing uses."""
    return longwing.info()["isa"]


@cache
def commit() -> str:
    """Return the commit of this checkout, with "+" where tracked files differ from it, or "unknown"."""
    root = Path(__file__).resolve().parent
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--abbrev=12", "--exclude=*", "--dirty=+"],
            cwd=root,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return described.stdout.strip()


def describe() -> dict[str, Any]:
    """Return processor, processors available, system, Python, and longwing's own account of itself."""
    return {
        "processor": processor(),
        "model": _processor_line("cpu family", "model", "stepping"),
        "isa": isa(),
        "processors": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "longwing": longwing.info(),
    }
