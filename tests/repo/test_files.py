"""Rules for every tracked file: its size, and no address of the machine or network that it was made on."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Put together here, so that this file does not break its own rule.
_PACKAGES, _FILES = "py" + "pi", "python" + "hosted"
REGISTRY = re.compile("|".join(rf"\b{a}\.{b}\b" for a, b in [(_PACKAGES, "org"), (_FILES, "org"), (_PACKAGES, "python")]))
MACHINE_PATH = re.compile(r"(?<![\w./~*$}-])/(?:tmp|home|root|work|mnt|scratch|Users)/\w")


def tracked() -> list[Path]:
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        return []
    # Whoever runs the tests may not own the folder, which git refuses to read unless it is told that this is meant.
    command = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in names.split("\0") if name and (ROOT / name).is_file()]


def texts() -> list[tuple[Path, str]]:
    found = []
    for path in tracked():
        try:
            found.append((path, path.read_text("utf-8")))
        except UnicodeDecodeError:
            continue  # a picture
    if not found:
        pytest.skip("this is no git checkout")
    return found


def test_no_file_is_longer_than_400_lines() -> None:
    data = {".json", ".csv", ".svg"}
    long = [str(p.relative_to(ROOT)) for p, text in texts() if p.suffix not in data and text.count("\n") > 400]
    assert not long


@pytest.mark.parametrize(("what", "pattern"), [("a package registry", REGISTRY), ("a path of one machine", MACHINE_PATH)])
def test_no_file_names(what: str, pattern: re.Pattern[str]) -> None:
    lines = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path, text in texts()
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]
    assert not lines, f"files name {what}"


@pytest.mark.parametrize(
    ("pattern", "line", "found"),
    [
        (REGISTRY, "https://" + _PACKAGES + ".org/simple", True),
        (REGISTRY, "upload to PyPI", False),
        (MACHINE_PATH, 'open("/' + 'home/me/x")', True),
        (MACHINE_PATH, "in /" + "tmp/x", True),
        (MACHINE_PATH, "$scratch/work/x and tests/work/y", False),
    ],
)
def test_the_patterns_find_what_they_should(pattern: re.Pattern[str], line: str, found: bool) -> None:
    assert bool(pattern.search(line)) == found


def test_text_files_end_with_one_newline_and_hold_no_trailing_blanks() -> None:
    suffixes = {".py", ".pyi", ".h", ".cc", ".cuh", ".cu", ".cmake", ".md", ".toml"}
    written = [(path, text) for path, text in texts() if path.suffix in suffixes and text]
    untidy = re.compile(r"[ \t]+$|[^\n]\Z|\n\n\Z", re.MULTILINE)
    assert not [str(path.relative_to(ROOT)) for path, text in written if untidy.search(text)]
