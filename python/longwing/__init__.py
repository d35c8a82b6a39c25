"""Long convolutions by butterfly FFT, for NumPy, torch, JAX, CuPy and other array-API libraries."""

from longwing._core import (
    LongwingError,
    LongwingRuntimeError,
    LongwingTypeError,
    LongwingValueError,
    Spectrum,
    __version__,
)
from longwing.conv import long_conv
from longwing.plan import ConvPlan, Gradients, plan
from longwing.runtime import (
    clear_plan_cache,
    get_num_threads,
    info,
    plan_cache_info,
    set_num_threads,
    set_plan_cache_limit,
)

__all__ = [
    "ConvPlan",
    "Gradients",
    "LongwingError",
    "LongwingRuntimeError",
    "LongwingTypeError",
    "LongwingValueError",
    "Spectrum",
    "__version__",
    "clear_plan_cache",
    "get_num_threads",
    "info",
    "long_conv",
    "plan",
    "plan_cache_info",
    "set_num_threads",
    "set_plan_cache_limit",
]
