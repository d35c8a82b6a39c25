"""The command line, run as a user would."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

wavfile = pytest.importorskip("scipy.io.wavfile", reason="scipy is not installed")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "longwing", *arguments], capture_output=True, text=True, check=False)


def test_info() -> None:
    done = run("info")
    assert done.returncode == 0, done.stderr
    assert "cuda" in done.stdout


def test_convolve(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    sound, response = rng.standard_normal(3000).astype("float32"), rng.standard_normal(200).astype("float32")
    wavfile.write(tmp_path / "in.wav", 8000, sound)
    wavfile.write(tmp_path / "filter.wav", 8000, response)
    done = run("convolve", str(tmp_path / "in.wav"), str(tmp_path / "filter.wav"), "-o", str(tmp_path / "out.wav"))
    assert done.returncode == 0, done.stderr
    rate, result = wavfile.read(tmp_path / "out.wav")
    assert rate == 8000
    expected = np.convolve(sound, response)
    np.testing.assert_allclose(result, expected[: len(result)], atol=1e-3)


def test_mismatched_rates(tmp_path: Path) -> None:
    for name, rate in (("in", 8000), ("filter", 44100)):
        wavfile.write(tmp_path / f"{name}.wav", rate, np.ones(100, "float32"))
    done = run("convolve", str(tmp_path / "in.wav"), str(tmp_path / "filter.wav"), "-o", str(tmp_path / "out.wav"))
    assert done.returncode != 0
    assert "44100" in done.stderr
    assert "Traceback" not in done.stderr
