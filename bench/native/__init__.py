"""The bench's own C++: each source of this folder is a shared library, compiled for this machine when first needed."""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parent

_FLAGS = ("-std=c++20", "-O3", "-march=native", "-ffp-contract=fast", "-fcx-limited-range", "-fno-math-errno")
"""What makes such code fast: the peers' C++ is not to lose by its flags. -ffast-math would, where it is
loaded, change how the whole process rounds."""


class BuildError(RuntimeError):
    """The library could not be compiled; the message is the compiler's."""


def cache_folder() -> Path:
    """Return the folder for what is compiled and planned once a machine: XDG_CACHE_HOME or its default."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(base) / "longwing-bench"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@cache
def compiler() -> str:
    """Return the C++ compiler: CXX or the first of c++, g++ and clang++. Raises BuildError without one."""
    names = [os.environ["CXX"]] if os.environ.get("CXX") else ["c++", "g++", "clang++"]
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        raise BuildError(f"no C++ compiler: none of {', '.join(names)} is on PATH")
    return found


@cache
def compiler_version() -> str:
    """Return the first line of the compiler's own account of itself."""
    return _run([compiler(), "--version"]).partition("\n")[0]


@cache
def library(name: str, links: Sequence[str] = ()) -> ctypes.CDLL:
    """Return the library of `name`.cc, compiled unless it was before. Raises BuildError where it can't be."""
    source = FOLDER / f"{name}.cc"
    command = [compiler(), *_FLAGS, "-fPIC", "-shared", str(source), *(f"-l{link}" for link in links)]
    built = [source.read_text(encoding="utf-8"), compiler_version(), _processor(), *command]
    key = hashlib.sha256("\0".join(built).encode()).hexdigest()[:16]
    path = cache_folder() / f"{name}-{key}.so"
    if not path.is_file():
        fresh = path.with_suffix(f".{os.getpid()}")  # another process may be compiling the same
        _run([*command, "-o", str(fresh)])
        fresh.replace(path)
    # Other libraries of the process bring symbols of the same names: MKL has an FFTW interface of its own.
    return ctypes.CDLL(str(path), mode=getattr(os, "RTLD_DEEPBIND", 0) | os.RTLD_NOW)


def _processor() -> str:
    """Return what -march=native depends on: a shared home may serve several machines."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return next((line for line in lines if line.startswith(("flags", "Features"))), "")


def _run(command: Sequence[str]) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except OSError as error:
        raise BuildError(f"{command[0]}: {error}") from error
    except subprocess.CalledProcessError as error:
        reason = next((line for line in error.stderr.splitlines() if "error" in line), error.stderr.strip())
        raise BuildError(reason) from error
