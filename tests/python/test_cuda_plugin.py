"""The CUDA engine's file: what is told where it can't be used, and that nothing else breaks."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import longwing
import numpy as np
import pytest

ASK = """
import longwing, numpy
u = numpy.ones((2, 9), "float32")
longwing.clear_plan_cache()
assert longwing.long_conv(u, u)[0, 8] == 9
print(longwing.info()["backends"][1]["reason"])
try:
    longwing.plan(length=9, filter_length=9, channels=2, device="cuda")
except longwing.LongwingRuntimeError as error:
    print(error)
"""

OTHER_VERSION = """
const void* longwing_cuda_backend(const char* version, const char** own_version) {
  *own_version = "99.0.0";
  return version == 0 ? version : 0;
}
"""


def told(library: str) -> tuple[str, str]:
    """Return the reason and the error of a process in which LONGWING_CUDA_LIBRARY names `library`."""
    environment = {**os.environ, "LONGWING_CUDA_LIBRARY": library}
    done = subprocess.run([sys.executable, "-c", ASK], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    reason, error = done.stdout.splitlines()
    return reason, error


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    file = str(tmp_path / "nowhere.so")
    reason, error = told(file)
    assert reason.startswith(f"the CUDA engine {file} can't be loaded: ")
    assert reason.endswith("(LONGWING_CUDA_LIBRARY names it)")
    assert error == f"no backend for device cuda: {reason}"


def test_a_library_that_is_no_engine() -> None:
    reason, _ = told(str(sys.modules["longwing._core"].__file__))
    assert "can't be loaded" in reason
    assert "longwing_cuda_backend" in reason


@pytest.mark.skipif(not shutil.which("cc"), reason="cc is not on PATH")
def test_an_engine_of_another_version(tmp_path: Path) -> None:
    source, library = tmp_path / "other.c", tmp_path / "other.so"
    source.write_text(OTHER_VERSION)
    subprocess.run(["cc", "-shared", "-fPIC", str(source), "-o", str(library)], check=True)
    reason, error = told(str(library))
    assert reason == f"the CUDA engine {library} is of longwing 99.0.0, and this is longwing {longwing.__version__}"
    assert reason in error


def test_the_cpu_needs_no_answer_from_it() -> None:
    assert longwing.info()["backends"][0]["usable"]
    assert longwing.long_conv(np.ones((1, 4)), np.ones((1, 4)))[0, 3] == pytest.approx(4)
