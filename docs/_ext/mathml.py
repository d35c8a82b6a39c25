"""Formulas as MathML, converted when the pages are built: a reader's browser needs no script and no network."""

from __future__ import annotations

import re
from typing import Any

from docutils.nodes import SkipNode
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.util import logging

_LOGGER = logging.getLogger(__name__)
_SIZES = re.compile(r"\\[Bb]igg?(?![a-zA-Z])")
"""The commands for a bracket's size, which the converter has not; a browser stretches brackets by itself."""


def _converted(node: Any, *, as_block: bool) -> str:
    try:
        return str(tex2mathml(_SIZES.sub("", node.astext()), as_block=as_block))
    except MathError as error:
        _LOGGER.warning("formula %r: %s", node.astext(), error, location=node)
        return ""


def _inline(translator: Any, node: Any) -> None:
    translator.body.append(_converted(node, as_block=False))
    raise SkipNode


def _block(translator: Any, node: Any) -> None:
    translator.body.append(f'<div class="math">{_converted(node, as_block=True)}</div>')
    raise SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the renderer "mathml"."""
    app.add_html_math_renderer("mathml", inline_renderers=(_inline, None), block_renderers=(_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
