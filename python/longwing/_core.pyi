"""The compiled part of longwing: the package's modules document what these do."""

from typing_extensions import CapsuleType

from longwing._types import Activation, Array, DTypeName, GradientName, Mode, ReverseLag
from longwing.runtime import Info, PlanCacheInfo

__version__: str

class LongwingError(Exception):
    """Base of every error that longwing raises on purpose."""

class LongwingValueError(LongwingError, ValueError):
    """An argument has a wrong value: shape, size, mode, overlap."""

class LongwingTypeError(LongwingError, TypeError):
    """An argument has a wrong type: dtype, device, library, read-only output."""

class LongwingRuntimeError(LongwingError, RuntimeError):
    """The call was right and could not be carried out: no memory, no backend."""

class Buffer:
    """Memory for a result, C-contiguous and 64-byte aligned; taken over through DLPack."""

    def __init__(self, shape: tuple[int, ...], dtype: str) -> None: ...
    def __dlpack__(
        self,
        *,
        stream: object = None,
        max_version: tuple[int, int] | None = None,
        dl_device: tuple[int, int] | None = None,
        copy: bool | None = None,
    ) -> CapsuleType: ...
    def __dlpack_device__(self) -> tuple[int, int]: ...

class Spectrum:
    """A transformed filter, in the order that only its plan knows."""

    @property
    def kind(self) -> str: ...
    @property
    def filters(self) -> int: ...
    @property
    def dtype(self) -> DTypeName: ...
    @property
    def nbytes(self) -> int: ...

class Plan:
    """A recipe for one long convolution."""

    def __init__(
        self,
        length: int,
        filter_length: int,
        channels: int,
        groups: int | None,
        reverse_length: int,
        mode: Mode,
        reverse_lag: ReverseLag,
        dtype: DTypeName,
        device: str,
        /,
    ) -> None: ...
    def spectrum(self, k: Array, reverse_filter: Array | None, filter_bank: bool, /) -> Spectrum: ...
    def forward(
        self,
        u: Array,
        spectrum: Spectrum,
        skip: Array | None,
        pre_gate: Array | None,
        post_gate: Array | None,
        activation: Activation | None,
        out: Array | None,
        /,
    ) -> Array: ...
    def backward(
        self,
        dy: Array,
        u: Array,
        spectrum: Spectrum,
        skip: Array | None,
        pre_gate: Array | None,
        post_gate: Array | None,
        activation: Activation | None,
        wanted: tuple[GradientName, ...] | None,
        /,
    ) -> tuple[Array | None, Array | None, Array | None, Array | None, Array | None, Array | None]: ...
    def gradients(
        self,
        dy: Array,
        u: Array,
        k: Array,
        reverse_filter: Array | None,
        filter_bank: bool,
        skip: Array | None,
        pre_gate: Array | None,
        post_gate: Array | None,
        activation: Activation | None,
        wanted: tuple[GradientName, ...] | None,
        /,
    ) -> tuple[Array | None, Array | None, Array | None, Array | None, Array | None, Array | None]: ...
    def workspace_bytes(self, batch: int, /) -> int: ...
    def explain(self) -> str: ...
    @property
    def length(self) -> int: ...
    @property
    def filter_length(self) -> int: ...
    @property
    def channels(self) -> int: ...
    @property
    def groups(self) -> int: ...
    @property
    def reverse_length(self) -> int: ...
    @property
    def output_length(self) -> int: ...
    @property
    def mode(self) -> Mode: ...
    @property
    def reverse_lag(self) -> ReverseLag: ...
    @property
    def dtype(self) -> DTypeName: ...
    @property
    def device(self) -> str: ...

def long_conv(
    u: Array,
    k: Array,
    mode: Mode,
    reverse_filter: Array | None,
    reverse_lag: ReverseLag,
    skip: Array | None,
    pre_gate: Array | None,
    post_gate: Array | None,
    activation: Activation | None,
    filter_bank: bool,
    out: Array | None,
    /,
) -> Array: ...
def get_num_threads() -> int: ...
def set_num_threads(count: int, /) -> None: ...
def limit_threads(count: int, /) -> int:
    """Limit the calling thread's calls to `count` threads, 0 for no limit; return the previous limit."""

def clear_plan_cache() -> None: ...
def set_plan_cache_limit(limit: int, /) -> int: ...
def plan_cache_info() -> PlanCacheInfo: ...
def info() -> Info: ...
