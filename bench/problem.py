"""From a case to its arrays, and to what is right."""

from __future__ import annotations

from typing import Any

import numpy
from longwing import testing

from bench.cases import BANK, GROUP, Case
from bench.peers.calls import Problem

Array = numpy.typing.NDArray[numpy.floating[Any]]


def make(case: Case) -> Problem:
    """Return normal data for the case, the same in every run."""
    generator = numpy.random.default_rng(case.length + case.filter_length)
    real = numpy.float64 if case.dtype == "float64" else numpy.float32

    def normal(*shape: int) -> Array:
        return _rounded(generator.standard_normal(shape, dtype=real), case.dtype)

    batch, channels, length, taps = case.batch, case.channels, case.length, case.filter_length
    u, filters, arguments = normal(batch, channels, length), (channels, taps), {}
    for feature in case.features:
        if feature == "skip":
            arguments["skip"] = normal(channels)
        elif feature == "gates":
            arguments |= {"pre_gate": normal(*u.shape), "post_gate": normal(*u.shape)}
        elif feature in ("gelu", "silu"):
            arguments["activation"] = feature
        elif feature == "reverse":
            arguments["reverse_filter"] = normal(channels, taps)
        elif feature == "bank":
            arguments["filter_bank"] = True
            filters = (BANK, channels, taps)
        elif feature == "channels-last":
            u = numpy.ascontiguousarray(u.swapaxes(1, 2)).swapaxes(1, 2)
        else:
            rows = {"groups": (channels // GROUP,), "shared": (1,), "per-sample": (batch, channels)}[feature]
            filters = (*rows, taps)
    # Taps of size 1/sqrt(K): a result of size one, so that an activation has its usual values.
    k = _rounded(normal(*filters) / real(taps) ** real(0.5), case.dtype)
    dy = normal(batch, *((BANK,) if "bank" in case.features else ()), channels, length)
    return Problem(u, k, dy, case.dtype, case.threads, case.features, arguments)


def expected(problem: Problem, measures: tuple[str, ...]) -> dict[str, tuple[Array, ...]]:
    """Return the float64 results of each measure by longwing's oracle: y, and for training du and dk too."""
    u, k, dy = problem.u, problem.k, problem.dy
    y = testing.reference(u, k, **problem.arguments)
    found = {measure: (y,) for measure in measures if measure != "train"}
    if "train" in measures:
        gradients = testing.reference_gradients(dy, u, k, **problem.arguments)
        found["train"] = (y, gradients.u, gradients.k)
    return found


def relative_error(result: Any, right: tuple[Array, ...]) -> float:
    """Return the largest relative L2 error of a result, or of a tuple of them. Raises ValueError where a shape is wrong."""
    results = result if isinstance(result, tuple) else (result,)
    return max(_relative_l2(_numbers(one), other) for one, other in zip(results, right, strict=True))


def _relative_l2(actual: Array, right: Array) -> float:
    if actual.shape != right.shape:
        raise ValueError(f"the result has shape {actual.shape}, expected is {right.shape}")
    error = float(numpy.linalg.norm((actual - right).ravel()) / numpy.linalg.norm(right.ravel()))
    return error if error == error else float("inf")  # max() would drop a NaN


def _numbers(result: Any) -> Array:
    """Return a NumPy array: torch's half types have none of their own there."""
    return numpy.asarray(result.float() if str(getattr(result, "dtype", "")) == "torch.bfloat16" else result)


def _rounded(array: Array, dtype: str) -> Array:
    """Return the array with values that `dtype` holds exactly."""
    if dtype == "float16":
        return array.astype(numpy.float16).astype(numpy.float32)
    if dtype == "bfloat16":  # the upper half of a float32, rounded
        return ((array.view(numpy.uint32) + numpy.uint32(0x8000)) & numpy.uint32(0xFFFF0000)).view(numpy.float32)
    return array
