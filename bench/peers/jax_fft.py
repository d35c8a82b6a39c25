"""jax.numpy.fft, compiled by jax.jit; the process's processors limit its threads."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from bench.peers.calls import Calls, Problem, smooth_length

NAME = "jax.jit"
VERSION = jax.__version__


def prepare(problem: Problem) -> Calls:
    """Return the usual product of transforms, and its forward and backward by jax.vjp, each one compiled function."""
    problem.require(dtypes=("float32",))  # float64 is a switch of the whole process in jax
    n, length = smooth_length(problem.u, problem.k), problem.u.shape[-1]
    signal, taps, gradient = (jnp.asarray(array) for array in (problem.u, problem.k, problem.dy))

    def rest(x: Any, spectrum: Any) -> Any:
        return jnp.fft.irfft(jnp.fft.rfft(x, n) * spectrum, n)[..., :length]

    def convolve(x: Any, filters: Any) -> Any:
        return rest(x, jnp.fft.rfft(filters, n))

    def step(x: Any, filters: Any, dz: Any) -> Any:
        y, pull = jax.vjp(convolve, x, filters)
        return y, *pull(dz)

    spectrum = jnp.fft.rfft(taps, n)
    full, cached, train = jax.jit(convolve), jax.jit(rest), jax.jit(step)
    return Calls(
        full=lambda: full(signal, taps).block_until_ready(),
        cached=lambda: cached(signal, spectrum).block_until_ready(),
        train=lambda: jax.block_until_ready(train(signal, taps, gradient)),
    )
