"""JAX's arrays: immutable, asynchronous, and tracers inside of its transformations."""

from __future__ import annotations

from typing import Any

import longwing
import numpy as np
import pytest

jax = pytest.importorskip("jax", reason="jax is not installed")
jnp = jax.numpy


def draw(*shape: int, dtype: str = "float32", seed: int = 0) -> Any:
    return jnp.asarray(np.random.default_rng(seed).standard_normal(shape), dtype)


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
@pytest.mark.parametrize("mode", ["causal", "full", "valid"])
def test_results_are_jax_arrays_with_numpys_values(dtype: str, mode: Any) -> None:
    u, k = draw(2, 3, 200, dtype=dtype), draw(3, 50, dtype=dtype, seed=1)
    y = longwing.long_conv(u, k, mode=mode)
    assert isinstance(y, jax.Array)
    assert y.dtype == u.dtype
    wide = longwing.long_conv(np.asarray(u, "float32"), np.asarray(k, "float32"), mode=mode)
    assert np.array_equal(np.asarray(y), np.asarray(jnp.asarray(wide, dtype)))


def test_inputs_are_never_written() -> None:
    arrays = [draw(2, 3, 99), draw(3, 99), draw(3), draw(2, 3, 99)]
    before = [np.array(a) for a in arrays]
    u, k, skip, gate = arrays
    results = [longwing.long_conv(u, k, skip=skip, pre_gate=gate, post_gate=gate, activation="gelu") for _ in range(3)]
    assert all(np.array_equal(a, b) for a, b in zip(arrays, before, strict=True))
    assert all(np.array_equal(results[0], y) for y in results[1:])


def test_a_result_keeps_its_memory() -> None:
    first = longwing.long_conv(draw(3, 999), draw(3, 999, seed=1))
    kept = np.array(first)
    for seed in range(5):
        longwing.long_conv(draw(3, 999, seed=seed), draw(3, 999, seed=seed + 1))
    assert np.array_equal(first, kept)


def test_plans_take_jax_arrays() -> None:
    u, k = draw(2, 3, 99), draw(3, 99, seed=1)
    plan = longwing.plan(length=99, filter_length=99, channels=3)
    spectrum = plan.spectrum(k)
    assert np.array_equal(plan.forward(u, spectrum), longwing.long_conv(u, k))
    gradients = plan.backward(u, u, spectrum)
    expected = plan.backward(np.asarray(u), np.asarray(u), spectrum)
    assert isinstance(gradients.k, jax.Array)
    assert np.array_equal(gradients.u, expected.u)
    assert np.array_equal(gradients.k, expected.k)


def test_values_that_are_on_their_way_are_waited_for() -> None:
    wide = jax.jit(lambda a: (a @ a.T @ a) / a.size)(jnp.ones((900, 900)))
    assert np.array_equal(longwing.long_conv(wide, jnp.ones((1, 1))), wide)


def test_empty_batches_give_empty_results() -> None:
    assert longwing.long_conv(jnp.zeros((0, 3, 9)), draw(3, 9)).shape == (0, 3, 9)


def test_out_is_refused() -> None:
    with pytest.raises(longwing.LongwingTypeError, match="JAX are immutable"):
        longwing.long_conv(draw(3, 9), draw(3, 9), out=draw(3, 9))


@pytest.mark.parametrize(
    "traced",
    [
        lambda u, k: jax.jit(longwing.long_conv)(u, k),
        lambda u, k: jax.grad(lambda a: longwing.long_conv(a, k).sum())(u),
        lambda u, k: jax.vmap(lambda a: longwing.long_conv(a, k))(u[None]),
    ],
    ids=["jit", "grad", "vmap"],
)
def test_tracers_are_refused_by_name(traced: Any) -> None:
    with pytest.raises(longwing.LongwingTypeError, match=r"u is a JAX tracer.*jax\.pure_callback"):
        traced(draw(3, 9), draw(3, 9))


def test_pure_callback_is_the_way_through_jit() -> None:
    u, k = draw(3, 99), draw(3, 99, seed=1)

    def call(a: Any, b: Any) -> Any:
        return np.asarray(longwing.long_conv(np.asarray(a), np.asarray(b)))

    traced = jax.jit(lambda a, b: jax.pure_callback(call, jax.ShapeDtypeStruct(a.shape, a.dtype), a, b))
    assert np.array_equal(traced(u, k), longwing.long_conv(u, k))


def test_a_deleted_array_is_refused() -> None:
    u = draw(3, 9)
    u.delete()
    with pytest.raises(longwing.LongwingValueError, match="u is a JAX array that was deleted"):
        longwing.long_conv(u, draw(3, 9))


def test_numpy_and_jax_do_not_mix() -> None:
    with pytest.raises(longwing.LongwingTypeError, match="k must be an array of u's library JAX"):
        longwing.long_conv(draw(3, 9), np.ones((3, 9), "float32"))
