"""What a user installs: the typed compiled module, one version, every file of the package, documented names."""

from __future__ import annotations

import importlib
import importlib.metadata
import inspect
import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import longwing
import pytest

ROOT = Path(__file__).resolve().parents[2]

# pybind11 gives its classes a metaclass of its own, and a class that nothing can construct an __init__ that raises.
ALLOWED_BY_STUBTEST = """
longwing._core.Buffer
longwing._core.Plan
longwing._core.Spectrum
longwing._core.Spectrum.__init__
"""


def test_stub_describes_the_compiled_module(tmp_path: Path) -> None:
    pytest.importorskip("mypy", reason="mypy is not installed")
    allowlist = tmp_path / "allowlist"
    allowlist.write_text(ALLOWED_BY_STUBTEST)
    command = [sys.executable, "-m", "mypy.stubtest", "longwing._core", "--concise", "--allowlist", str(allowlist)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_part_tells_the_same_version() -> None:
    header = (ROOT / "cpp/include/longwing/version.h").read_text()
    version = ".".join(re.findall(r"^#define LONGWING_VERSION_\w+ (\d+)$", header, re.MULTILINE))
    assert re.fullmatch(r"\d+\.\d+\.\d+", version)
    assert longwing.__version__ == version
    assert longwing.info()["version"] == version
    assert importlib.metadata.version("longwing") == version
    assert f"\n## [{version}]" in (ROOT / "CHANGELOG.md").read_text()


def test_cmake_reads_the_version_from_the_header() -> None:
    cmake = (ROOT / "cmake/LongwingVersion.cmake").read_text()
    assert "include/longwing/version.h" in cmake
    assert 'VERSION "${LONGWING_VERSION}"' in (ROOT / "CMakeLists.txt").read_text()
    for name in ("CMakeLists.txt", "cmake/LongwingVersion.cmake", "pyproject.toml"):
        assert longwing.__version__ not in (ROOT / name).read_text(), f"{name} holds a version of its own"


def test_every_file_of_the_package_is_installed() -> None:
    sources = [p for p in (ROOT / "python/longwing").rglob("*") if p.suffix in {".py", ".pyi", ".typed"}]
    names = [p.relative_to(ROOT / "python/longwing").as_posix() for p in sources]
    missing = [name for name in names if not files("longwing").joinpath(name).is_file()]
    assert len(names) > 20
    assert not missing


def test_the_distribution_holds_the_compiled_module() -> None:
    recorded = [str(file) for file in importlib.metadata.files("longwing") or ()]
    assert [name for name in recorded if re.fullmatch(r"longwing/_core\..*\b(so|pyd)", name)]
    assert Path(str(importlib.import_module("longwing._core").__file__)).is_file()
    assert (ROOT / "python/longwing/py.typed").read_bytes() == b""


def test_the_cuda_engine_is_beside_the_module_and_small() -> None:
    file = Path(str(importlib.import_module("longwing._core").__file__)).with_name("liblongwing_cuda.so")
    if not file.exists():
        pytest.skip("this build of longwing holds no CUDA engine")
    assert file.stat().st_size <= 14 << 20  # six architectures, compressed, and the CUDA runtime


def test_the_distribution_needs_nothing_at_run_time() -> None:
    required = importlib.metadata.requires("longwing") or []
    assert [line for line in required if "extra ==" not in line] == []


def public_functions(module: Any) -> dict[str, Any]:
    """Functions and classes of `module` that a user may call, and the methods of the classes, by name."""
    found = {}
    for name in getattr(module, "__all__", None) or [n for n in vars(module) if not n.startswith("_")]:
        value = getattr(module, name)
        if not callable(value) or not str(getattr(value, "__module__", "")).startswith("longwing"):
            continue
        found[name] = value
        if inspect.isclass(value):
            found |= {f"{name}.{n}": v for n, v in vars(value).items() if not n.startswith("_") and callable(v)}
    return found


@pytest.mark.parametrize(
    "module_name", ["longwing", "longwing.testing", "longwing.timing", "longwing.scipy", "longwing.torch"]
)
def test_public_names_are_documented(module_name: str) -> None:
    if "." in module_name:
        pytest.importorskip(module_name.partition(".")[2].replace("testing", "numpy").replace("timing", "numpy"))
    names = public_functions(importlib.import_module(module_name))
    assert names
    assert not [name for name, value in names.items() if not inspect.isclass(value) and not inspect.getdoc(value)]
    # A class without words of its own gets its base's, or a signature: neither says what it is for.
    assert not [name for name, value in names.items() if inspect.isclass(value) and "." not in (value.__doc__ or "")]


def test_every_key_of_info_is_on_the_page() -> None:
    page = (ROOT / "docs/api/python.md").read_text()
    told: Any = longwing.info()
    for cls, value in (
        (longwing.runtime.Info, told),
        (longwing.runtime.BackendInfo, told["backends"][0]),
        (longwing.runtime.PlanCacheInfo, told["plan_cache"]),
    ):
        assert f".. autoclass:: longwing.runtime.{cls.__name__}()\n   :members:" in page
        assert set(cls.__annotations__) == set(value)
        assert all(f"    {key}: " in inspect.getsource(cls) for key in value)


def test_modules_that_are_public_are_on_the_page() -> None:
    page = (ROOT / "docs/api/python.md").read_text()
    for name in ("torch", "scipy", "testing", "timing"):
        assert f".. automodule:: longwing.{name}\n" in page


@pytest.mark.parametrize("function", [longwing.long_conv, longwing.plan])
def test_the_main_functions_document_shapes_and_errors(function: Any) -> None:
    text = inspect.getdoc(function) or ""
    assert "Raises\n------" in text
    for name in inspect.signature(function).parameters:
        assert re.search(rf"\b{name}\b", text.partition("Parameters\n")[2].partition("Raises\n")[0]), name
    for error in ("LongwingTypeError", "LongwingValueError", "LongwingRuntimeError"):
        assert error in text
