"""The pages: their Python runs, their links lead somewhere, and the interface is all there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import longwing
import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = {
    str(path.relative_to(ROOT)): path.read_text()
    for path in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]
    if not {"_build", "_doxygen"} & set(path.parts)
}
OPTIONAL = ("torch", "jax")
PATHS = re.compile(r"(?<![\w./])/(work|tmp|home|root|opt|usr|mnt|Users)/\w|\b[A-Z]:\\|https?://[^\s)]*pypi", re.IGNORECASE)


def blocks(page: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)


def needs(name: str, block: str) -> set[str]:
    """The optional libraries that the block imports, itself or by longwing's module for them; torch on torch's pages."""
    if name.startswith("docs/torch/"):
        return {"torch"}
    return set(re.findall(rf"^\s*(?:import|from) (?:longwing\.)?({'|'.join(OPTIONAL)})\b", block, re.MULTILINE))


def runs() -> list[tuple[str, str]]:
    """Each page once without optional libraries, and once with each that one of its blocks needs."""
    return [
        (name, library)
        for name, page in PAGES.items()
        for library in ("", *OPTIONAL)
        if any(needs(name, block) == ({library} - {""}) for block in blocks(page))
    ]


def prose(page: str) -> str:
    """The page without code."""
    return re.sub(r"^```.*?^```$|`[^`\n]*`", "", page, flags=re.DOTALL | re.MULTILINE)


def anchors(page: str) -> set[str]:
    """The slugs of headings, as MyST makes them."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```$", "", page, flags=re.DOTALL | re.MULTILINE), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def problems(name: str, page: str) -> list[str]:
    """Links between files of the repository that lead nowhere."""
    wrong = []
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if re.match(r"\w+:", target):
            continue
        file, _, anchor = target.partition("#")
        path = (ROOT / name).parent / file if file else ROOT / name
        if not path.is_file() or (anchor and anchor not in anchors(path.read_text())):
            wrong.append(target)
    return wrong


@pytest.mark.parametrize(("name", "library"), runs())
def test_python_blocks_run(name: str, library: str) -> None:
    if library:
        pytest.importorskip(library, reason=f"{library} is not installed")
    namespace: dict[str, Any] = {"__name__": name}
    for block in blocks(PAGES[name]):
        if needs(name, block) <= {library}:
            exec(compile(block, name, "exec"), namespace)


@pytest.mark.parametrize("page", ["[a](missing.md)", "[a](README.md#nowhere)", "[a](#nowhere)"])
def test_broken_links_are_found(page: str) -> None:
    assert problems("README.md", page)


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    assert not problems(name, PAGES[name])


@pytest.mark.parametrize("name", PAGES)
def test_pages_name_no_machine(name: str) -> None:
    assert not PATHS.search(PAGES[name])


def test_every_page_is_in_the_table_of_contents() -> None:
    roots = {name: Path(name).parent for name in ("docs/index.md", "docs/torch/index.md")}
    listed = {
        str(path.relative_to(ROOT))
        for name, folder in roots.items()
        for entry in re.findall(r"^[\w/*]+$", PAGES[name], re.MULTILINE)
        for path in (ROOT / folder).glob(f"{entry}.md")
    }
    elsewhere = {"docs/index.md", "docs/api/cpp_reference.md", "docs/api/cpp_no_reference.md"}
    assert {name for name in PAGES if name.startswith("docs/")} == listed | elsewhere


@pytest.mark.parametrize("name", longwing.__all__)
def test_interface_is_documented(name: str) -> None:
    assert re.search(rf"^\.\. (auto\w+|data):: {re.escape(name)}\b", PAGES["docs/api/python.md"], re.MULTILINE)


@pytest.mark.parametrize("header", sorted((ROOT / "cpp/include/longwing").glob("*.h")), ids=lambda path: path.name)
def test_headers_are_documented(header: Path) -> None:
    """Every class, struct, enumeration and free function that a public header declares is on the reference page."""
    declared = re.findall(r"^(?:class|struct|enum class) (\w+)[^;]*?\{", header.read_text(), re.MULTILINE)
    declared += re.findall(r"^(?:const )?[\w:<>*&]+[ *&]+(\w+)\([^)]*\);", header.read_text(), re.MULTILINE)
    documented = set(re.findall(r"longwing::(\w+)", PAGES["docs/api/cpp_reference.md"]))
    internal = {"to_string", "validated", "may_overlap", "repeats_elements", "checked_rank"}
    internal |= {"dtype_from_dlpack", "device_from_dlpack"}
    assert set(declared) - internal <= documented


@pytest.mark.parametrize("command", ["", "demo", "convolve", "bench", "info"])
def test_options_are_documented(command: str) -> None:
    call = [sys.executable, "-m", "longwing", *command.split(), "--help"]
    text = subprocess.run(call, capture_output=True, text=True, check=True).stdout
    page = PAGES["docs/command_line.md"]
    section = page.partition(f"## longwing {command}\n")[2].partition("\n## ")[0] if command else page.partition("\n## ")[0]
    options = set(re.findall(r"(?<!\w)--?[a-z][\w-]*", text)) - ({"-h", "--help"} if command else set())
    assert options
    assert {option for option in options if f"`{option}" not in section} == set()
