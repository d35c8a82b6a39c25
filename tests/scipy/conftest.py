"""What scipy's own tests expect of pytest, for NumPy alone."""

from __future__ import annotations

from typing import Any

import pytest

MARKERS = (
    "slow: scipy's mark, of no effect here",
    "fail_slow(seconds): scipy's mark, of no effect here",
    "xfail_on_32bit: scipy's mark, of no effect here",
    "array_api_backends: scipy's mark, of no effect here",
    "skip_xp_backends(backend): scipy's mark, skips the test where the backend is numpy",
    "xfail_xp_backends(backend): scipy's mark, skips the test where the backend is numpy",
)


def pytest_configure(config: pytest.Config) -> None:
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)


@pytest.fixture
def xp(request: pytest.FixtureRequest) -> Any:
    """NumPy, in the dress in which scipy's tests meet it."""
    for name in ("skip_xp_backends", "xfail_xp_backends"):
        for marker in request.node.iter_markers(name):
            if "numpy" in marker.args:
                pytest.skip(f"scipy excludes numpy: {marker.kwargs.get('reason')}")
    import numpy
    from scipy._lib._array_api import array_namespace

    return array_namespace(numpy.empty(0))
