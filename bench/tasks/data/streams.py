"""Random numbers for compiled generators: one stream for each (seed, index), whoever draws it and when.

xoshiro256** (Blackman and Vigna 2018), its state filled by SplitMix64 (Steele, Lea and Flood 2014). NumPy's generators
would do, but their distributions may change between versions, and a cached set must not.
"""

from __future__ import annotations

import numba
import numpy as np

U = np.uint64


@numba.njit(nogil=True, cache=True)
def _mixed(z: int) -> int:
    z = (z ^ (z >> U(30))) * U(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> U(27))) * U(0x94D049BB133111EB)
    return z ^ (z >> U(31))


@numba.njit(nogil=True, cache=True)
def stream(seed: int, index: int) -> np.ndarray:
    """Return the state of stream `index` of `seed`; both are unsigned 64-bit."""
    step = U(0x9E3779B97F4A7C15)
    start = _mixed(_mixed(U(seed) + step) ^ U(index))
    state = np.empty(4, np.uint64)
    for i in range(4):
        start += step
        state[i] = _mixed(start)
    return state


@numba.njit(nogil=True, cache=True)
def _rotated(x: int, by: int) -> int:
    return (x << U(by)) | (x >> U(64 - by))


@numba.njit(nogil=True, cache=True)
def uniform(state: np.ndarray) -> float:
    """Draw from [0, 1), 53 bits."""
    drawn = _rotated(state[1] * U(5), 7) * U(9)
    shifted = state[1] << U(17)
    state[2] ^= state[0]
    state[3] ^= state[1]
    state[1] ^= state[2]
    state[0] ^= state[3]
    state[2] ^= shifted
    state[3] = _rotated(state[3], 45)
    return (drawn >> U(11)) * (1.0 / 9007199254740992.0)


@numba.njit(nogil=True, cache=True)
def below(state: np.ndarray, n: int) -> int:
    """Draw from 0 … n-1; for n below 2^20 no value is favoured by more than 2^-33."""
    return int(uniform(state) * n)
