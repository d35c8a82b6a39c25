"""The bench's own C++: what it measures are rates, and a failed build tells why."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import limits, native


def test_limits_are_rates() -> None:
    try:
        native.library("limits")
    except native.BuildError as error:
        pytest.skip(f"no C++ compiler: {error}")
    assert 1e8 < limits.fma(0.005) < 1e13
    assert 1e8 < limits.triad(2**14, 0.005) < 1e13
    assert 1e8 < limits.fma(0.005, threads=2) < 1e13


def test_a_failed_build_tells_the_compilers_reason(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "broken.cc").write_text("int f() { return nothing; }\n")
    monkeypatch.setattr(native, "FOLDER", tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    try:
        native.compiler()
    except native.BuildError as error:
        pytest.skip(str(error))
    with pytest.raises(native.BuildError, match="nothing"):
        native.library("broken")
