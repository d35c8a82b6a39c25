"""The compiled part of longwing."""

from collections.abc import Sequence
from typing import Any, final

from longwing._types import Activation, Array, DTypeName, GradientName, Mode, ReverseLag
from longwing.runtime import Info, PlanCacheInfo

__version__: str

class LongwingError(Exception): ...
class LongwingValueError(LongwingError, ValueError): ...
class LongwingTypeError(LongwingError, TypeError): ...
class LongwingRuntimeError(LongwingError, RuntimeError): ...
