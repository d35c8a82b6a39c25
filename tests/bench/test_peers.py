"""Every peer that is here computes the convolution; one that is not tells why."""

from __future__ import annotations

import numpy
import pytest

from bench import entrants, harness, peers, problem
from bench.cases import Case


@pytest.mark.parametrize("module", peers.MODULES)
def test_every_peer_is_right_or_says_why_not(module: str) -> None:
    found, absent = peers.find([module])
    if not found:
        pytest.skip(f"{module} is absent: {absent[module]}")
    case = Case(2, 4, 96, taps=10) if module == "torch_conv1d" else Case(2, 4, 96)
    lined_up, refused = entrants.line_up(case, [*found, peers.load("longwing_plan")])
    assert not refused
    (first, _) = lined_up
    for measure in case.measures:
        if call := getattr(first.calls, measure):
            assert harness._error((call(), first.expected[measure])) < 1e-6


@pytest.mark.parametrize("module", peers.MODULES)
def test_calls_keep_their_arrays(module: str) -> None:
    found, absent = peers.find([module])
    if not found:
        pytest.skip(f"{module} is absent: {absent[module]}")
    case = Case(2, 64, 4096, taps=10)
    right = problem.expected(problem.make(case), ("full",))["full"]
    calls = found[0].prepare(problem.make(case))  # nothing else holds its arrays
    filler = [numpy.full((2, 64, 4096), numpy.nan, numpy.float32) for _ in range(4)]
    assert problem.relative_error(calls.full(), right) < 1e-6  # type: ignore[misc]
    del filler


@pytest.mark.parametrize("name", ["reverse", "bank", "groups", "shared", "per-sample", "skip+gates+gelu"])
def test_torch_unfused_is_right(name: str) -> None:
    found, _ = peers.find(["torch_fft"])
    if not found:
        pytest.skip("torch is not installed")
    (torch, _), _ = entrants.line_up(Case(2, 8, 96, features=tuple(name.split("+"))), [*found])
    assert harness._error((torch.calls.full(), torch.expected["full"])) < 1e-6  # type: ignore[misc]


def test_a_module_that_is_not_there_is_absent_with_its_reason() -> None:
    found, absent = peers.find(["no_such_peer"])
    assert not found
    assert "ModuleNotFoundError" in absent["no_such_peer"]
