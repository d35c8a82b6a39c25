"""What this process computes with: threads, the cache of plans, backends."""

from __future__ import annotations

from typing import TypedDict

from longwing import _core


class PlanCacheInfo(TypedDict):
    """State of the cache of plans."""

    plans: int
    """Plans in the cache."""
    bytes: int
    """Their size."""
    limit: int
    """Bytes that the cache keeps at most."""
    hits: int
    """Plans found in it since the last clearing."""
    misses: int
    """Plans made since the last clearing."""


class BackendInfo(TypedDict):
    """One backend, usable or not."""

    name: str
    """The backend's name."""
    device: str
    """The kind of device that it computes on, "cpu" or "cuda"."""
    usable: bool
    """Whether it can compute here."""
    reason: str
    """Why it is not usable; empty where it is."""
    description: str
    """What it computes with, for a person to read."""


class Info(TypedDict):
    """What :func:`info` returns."""

    version: str
    """longwing's version."""
    isa: str
    """The instruction set in use: "base", "avx2", "avx512" or "neon"."""
    available_isas: list[str]
    """Those that this machine has and LONGWING_ISA may name."""
    threads: int
    """Threads that one call may use."""
    backends: list[BackendInfo]
    """All that this build knows, usable or not."""
    plan_cache: PlanCacheInfo
    """What :func:`plan_cache_info` returns."""


def info() -> Info:
    """Return the version, the instruction set in use and those available, threads, backends and the plan cache.

    ``isa`` is "base", "avx2", "avx512" or "neon"; the environment variable LONGWING_ISA forces one. It is read
    when the instruction set is first needed, by a plan, a call or this function; another value is then a
    LongwingValueError, of every call.
    """
    return _core.info()


def get_num_threads() -> int:
    """Return how many threads one call may use, its own included."""
    return _core.get_num_threads()


def set_num_threads(count: int) -> None:
    """Let one call use up to `count` threads, its own included; results do not depend on it.

    The default is LONGWING_NUM_THREADS or else the number of cores this process may run on. Takes effect with the next
    call of any thread. Raises LongwingValueError below 1 or above 1024, LongwingTypeError where `count` is no integer.
    """
    _core.set_num_threads(count)


def clear_plan_cache() -> None:
    """Forget every cached plan and give cached workspace back. Plans and spectra in use stay valid."""
    _core.clear_plan_cache()


def set_plan_cache_limit(bytes: int) -> int:  # noqa: A002 - the unit is the argument's name
    """Keep at most `bytes` bytes of plans, dropping the least recently used first; return the previous limit.

    The default is 256 MiB; 0 keeps none. Raises LongwingValueError where `bytes` is negative.
    """
    return _core.set_plan_cache_limit(bytes)


def plan_cache_info() -> PlanCacheInfo:
    """Return the number of cached plans, their bytes, the limit, and hits and misses since the last clearing."""
    return _core.plan_cache_info()
