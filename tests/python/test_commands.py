"""The commands beside convolve, and what all of them do with wrong arguments, pipes and missing packages."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import longwing
import pytest

PYTHON = [sys.executable, "-m", "longwing"]

# Any use of the network is an error, and so is an import of a package that the command was said to do without.
ALONE = """
import socket, sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in sys.argv[1].split(","):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

def refuse(*_, **__):
    raise AssertionError("the network was used")

sys.meta_path.insert(0, Missing())
socket.socket.connect = socket.getaddrinfo = socket.create_connection = refuse
import importlib.util
find_spec = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name in sys.argv[1].split(",") else find_spec(name, package)
from longwing import cli
sys.exit(cli.main(sys.argv[2:]))
"""


def run(*arguments: str, code: int = 0, **options: object) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([*PYTHON, *arguments], capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload]
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


def without(packages: str, *arguments: str, code: int = 0, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The command in a process without network and without those packages."""
    command = [sys.executable, "-c", ALONE, packages, *arguments]
    environment = {**os.environ, "MPLBACKEND": "agg"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, env=environment)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


def test_info_says_what_longwing_info_does() -> None:
    information = longwing.info()
    text = without("numpy,scipy,torch", "info").stdout
    assert information["version"] in text
    assert information["isa"] in text
    told = json.loads(without("numpy,scipy,torch", "info", "--json").stdout)
    assert told["available_isas"] == information["available_isas"]
    assert [backend["name"] for backend in told["backends"]] == [backend["name"] for backend in information["backends"]]
    assert all(backend["usable"] or backend["reason"] for backend in told["backends"])


def test_the_version_is_printed() -> None:
    assert run("--version").stdout == f"longwing {longwing.__version__}\n"


@pytest.mark.parametrize("command", ["", "info", "bench", "demo", "convolve"])
def test_help_needs_no_other_package(command: str) -> None:
    said = without("numpy,scipy,torch,matplotlib,nitime", *command.split(), "--help").stdout
    assert said.startswith("usage: longwing")
    assert all(name in said for name in ("demo", "convolve", "bench", "info")) or command


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ([], "COMMAND"),
        (["transform"], "transform"),
        (["convolve", "a.wav"], "FILTER.wav"),
        (["convolve", "a.wav", "b.wav"], "--output"),
        (["convolve", "a.wav", "b.wav", "-o", "c.wav", "--mode", "valid"], "valid"),
        (["convolve", "a.wav", "b.wav", "-o", "c.wav", "--format", "mp3"], "mp3"),
        (["bench", "4,64"], "B,H,L"),
        (["bench", "4,64,0"], "out of range"),
        (["bench", "4,64,many"], "B,H,L"),
        (["bench", "--threads", "0"], "from 1 up"),
        (["info", "--xml"], "--xml"),
    ],
)
def test_wrong_arguments_are_named(arguments: list[str], word: str) -> None:
    assert word in run(*arguments, code=2).stderr


@pytest.mark.parametrize(
    ("packages", "arguments", "named"),
    [
        ("scipy", ["convolve", "a.wav", "b.wav", "-o", "c.wav"], "scipy"),
        ("numpy", ["bench", "1,1,64"], "numpy"),
        ("nitime,matplotlib", ["demo"], "nitime, matplotlib"),
    ],
)
def test_a_missing_package_is_named_with_the_extra_that_has_it(packages: str, arguments: list[str], named: str) -> None:
    said = without(packages, *arguments, code=2).stderr
    assert f"needs {named}: pip install 'longwing[demo]'" in said
    assert said.count("\n") == 1


def test_bench_checks_and_times_one_shape() -> None:
    pytest.importorskip("numpy", reason="numpy is not installed")
    said = without("torch,scipy,jax", "bench", "1,2,256", "--threads", "1").stdout
    assert "(B, H, L) = (1, 2, 256)" in said
    assert "longwing" in said


def test_demo_runs_without_network(tmp_path: Path) -> None:
    pytest.importorskip("nitime", reason="nitime is not installed: it is part of the extra 'demo'")
    pytest.importorskip("matplotlib", reason="matplotlib is not installed: it is part of the extra 'demo'")
    said = without("torch,jax", "demo", "-o", "picture.png", cwd=tmp_path).stdout
    assert ": right" in said
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")


def test_a_reader_that_leaves_is_no_failure() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as closed:
        done = subprocess.run([*PYTHON, "info"], stdout=closed, stderr=subprocess.PIPE, text=True, check=False)
    assert done.stderr == ""
    assert done.returncode == 0


@pytest.mark.parametrize(("variable", "value"), [("LONGWING_NUM_THREADS", "many"), ("LONGWING_ISA", "mmx")])
def test_a_wrong_variable_is_one_line(variable: str, value: str) -> None:
    said = run("info", code=2, env={**os.environ, variable: value}).stderr
    assert said.startswith(f"longwing: {variable} must be ")
    assert said.count("\n") == 1
