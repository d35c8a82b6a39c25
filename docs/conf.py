"""The documentation site. Build it from the repository's root with longwing[docs] installed:

sphinx-build -W --keep-going -b html docs docs/_build
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import longwing

DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS / "_ext"))

project = "longwing"
author = "the longwing authors"
copyright = "the longwing authors, Apache-2.0"  # noqa: A001 - the name is Sphinx's
version = release = longwing.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "mathml"]
exclude_patterns = ["_build", "_doxygen", "_ext"]
html_theme = "furo"
html_title = f"longwing {release}"
html_math_renderer = "mathml"
html_show_sourcelink = False
highlight_language = "none"

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
python_maximum_signature_line_length = 100
autodoc_preserve_defaults = True
napoleon_google_docstring = False
napoleon_use_ivar = True

# The modules that import a package that is not there are described by their pages alone.
autodoc_mock_imports = [name for name in ("torch",) if find_spec(name) is None]

DOXYFILE = f"""
INPUT = {DOCS.parent / "cpp/include/longwing"}
OUTPUT_DIRECTORY = {DOCS / "_doxygen"}
STRIP_FROM_PATH = {DOCS.parent / "cpp/include"}
GENERATE_HTML = NO
GENERATE_LATEX = NO
GENERATE_XML = YES
XML_PROGRAMLISTING = NO
EXTRACT_ALL = YES
MACRO_EXPANSION = YES
QUIET = YES
WARN_IF_UNDOCUMENTED = NO
WARN_AS_ERROR = YES
"""

# The C++ reference is read off the headers by doxygen. Without it a page in its place points to the headers.
if shutil.which("doxygen"):
    (DOCS / "_doxygen").mkdir(exist_ok=True)
    subprocess.run(["doxygen", "-"], input=DOXYFILE, text=True, check=True)
    extensions.append("breathe")
    breathe_projects = {"longwing": str(DOCS / "_doxygen/xml")}
    breathe_default_project = "longwing"
    breathe_show_include = False
    exclude_patterns.append("api/cpp_no_reference.md")
else:
    exclude_patterns.append("api/cpp_reference.md")
