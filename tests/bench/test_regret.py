"""Regret is the chosen form's time over the best one's."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bench import regret

TIMED = {
    "isa": "avx2",
    "mode": "causal",
    "dtype": "float32",
    "length": 1000,
    "taps": 16,
    "forms": [
        {"form": "direct", "n": 0, "seconds": [3e-6, 9e-6]},
        {"form": "overlap-save", "n": 64, "seconds": [8e-6, 2e-6]},
    ],
}


def test_the_first_form_is_held_against_the_best() -> None:
    point = regret.judged(TIMED)
    assert (point["regret"], point["chosen"], point["best"]) == (1.5, "direct", "overlap-save n=64")
    assert point["ns_a_sample"] == 3.0
    assert "best: overlap-save n=64" in regret.told(point)
    best = regret.judged({**TIMED, "forms": TIMED["forms"][1:]})
    assert best["regret"] == 1
    assert "best:" not in regret.told(best)


def test_the_summary_counts_what_is_far_off() -> None:
    (line,) = regret.summary([{"regret": value} for value in (1.0, 1.05, 1.2, 3.0)])
    assert "4 points" in line
    assert "worst 3.00; 2 above 1.10" in line


def test_no_point_has_more_taps_than_samples_and_every_mode_is_there() -> None:
    points = list(regret.grid())
    assert len(points) == len(set(points))
    assert all(taps <= length for _, _, length, taps in points)
    assert {mode for mode, *_ in points} == {"causal", "full", "same", "valid", "circular"}
    assert ("causal", "float32", 1048576, 1048576) in points


def test_a_program_that_ends_is_an_error(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text(f"#!{sys.executable}\n")
    program.chmod(0o755)
    with pytest.raises((RuntimeError, BrokenPipeError)):
        list(regret.run(program, ["L=64 K=1"]))
