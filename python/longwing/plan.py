"""Plans: a convolution of fixed sizes, prepared once and run many times."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from longwing import _core
from longwing._dtypes import DTypeLike, dtype_name
from longwing._types import Activation, Array, DTypeName, GradientName, Mode, ReverseLag


class Gradients(NamedTuple):
    """Gradients by argument: arrays of its shape and dtype, in u's library; None where absent or not wanted."""

    u: Any
    k: Any
    reverse_filter: Any
    skip: Any
    pre_gate: Any
    post_gate: Any


class ConvPlan:
    """A convolution of fixed sizes: transform lengths, tables and the choice of algorithm. Made by :func:`plan`.

    Immutable; one plan may be used by many threads at once. Batch size, filter bank and per-sample filters come from
    the arrays. Its properties are what it was made for.
    """

    __slots__ = ("_plan",)

    def __init__(self, plan: _core.Plan) -> None:
        self._plan = plan

    def spectrum(self, k: Array, reverse_filter: Array | None = None, *, filter_bank: bool = False) -> _core.Spectrum:
        """Transform a filter once, for any number of calls of this plan or of an equal one.

        k is (G, K), (B, G, K) for one filter per sample, or (C, G, K) with `filter_bank`; `reverse_filter` has k's
        leading shape and is given exactly where the plan has a reverse_length. Any of the four dtypes. Raises
        LongwingValueError where a shape does not fit the plan, LongwingTypeError for a wrong dtype or device.
        """
        return self._plan.spectrum(k, reverse_filter, filter_bank)

    def forward(
        self,
        u: Array,
        spectrum: _core.Spectrum,
        *,
        skip: Array | None = None,
        pre_gate: Array | None = None,
        post_gate: Array | None = None,
        activation: Activation | None = None,
        out: Array | None = None,
    ) -> Array:
        """Return post_gate · act(conv(k, x) + skip · x), x = pre_gate · u, for u (..., H, L) of the plan's dtype.

        The same bits as :func:`longwing.long_conv` on the filter of `spectrum`; shapes, dtypes and errors are its too.
        A spectrum of a plan with other arguments is a LongwingValueError.
        """
        return self._plan.forward(u, spectrum, skip, pre_gate, post_gate, activation, out)

    def backward(
        self,
        dy: Array,
        u: Array,
        spectrum: _core.Spectrum,
        *,
        skip: Array | None = None,
        pre_gate: Array | None = None,
        post_gate: Array | None = None,
        activation: Activation | None = None,
        wanted: Sequence[GradientName] | None = None,
    ) -> Gradients:
        r"""Return the gradients of a scalar whose gradient with respect to y is `dy`.

        With filter k, reverse filter r, skip d, pre-gate v, post-gate q and x = v u, the call computes y = q act(z),

        .. math::
            z_t = \sum_j k_j\, x_{t+o-j} + \sum_j r_j\, x_{t+j+s} + d\, x_t,

        where s is 1 for reverse_lag "shifted" and 0 for "overlapped", and o is the first sample that the mode keeps:
        (K-1)//2 in "same", min(L, K)-1 in "valid", else 0. With dz = dy q act'(z) the gradients are

        .. math::
            dk_j = \sum_t dz_t\, x_{t+o-j}, \quad dr_j = \sum_t dz_t\, x_{t+j+s}, \quad dd = \sum_t dz_t\, x_t,

            dx_i = \sum_j k_j\, dz_{i+j-o} + \sum_j r_j\, dz_{i-j-s} + d\, dz_i,

            du = v\, dx, \quad dv = u\, dx, \quad dq = dy\, \mathrm{act}(z).

        x and dz are zero outside of their rows, and periodic in mode "circular". A gradient is also summed over what its
        argument is shared by: k and r over samples and the channels of a group, d over samples, u, v and a q without an
        axis for it over a filter bank. Nothing but the inputs is needed: what the gradients take of the forward pass is
        computed again.

        The arguments are those of :meth:`forward`, and `dy` is like its result. `wanted` is a sequence of the names of the
        gradients to compute, None for all of them; a gradient that is not wanted costs nothing. Errors are those of
        :meth:`forward`; a `wanted` that is no sequence is a LongwingTypeError, an unknown name a LongwingValueError.
        """
        if wanted is not None and not isinstance(wanted, tuple):
            if isinstance(wanted, str) or not isinstance(wanted, Sequence):
                raise _core.LongwingTypeError(f"wanted must be a sequence of names, got {type(wanted).__name__} {wanted!r}")
            wanted = tuple(wanted)
        return Gradients(*self._plan.backward(dy, u, spectrum, skip, pre_gate, post_gate, activation, wanted))

    def workspace_bytes(self, batch: int) -> int:
        """Return the bytes that a forward call on `batch` samples takes beyond inputs, output and spectrum.

        That is for rows whose samples follow one another: channels side by side on the CPU take 16 rows in and 16 rows
        out for each thread besides.
        """
        return self._plan.workspace_bytes(batch)

    def explain(self) -> str:
        """Return what runs, in what sizes, and why it was chosen, for a person to read."""
        return self._plan.explain()

    @property
    def length(self) -> int:
        """L, samples of a row of u."""
        return self._plan.length

    @property
    def filter_length(self) -> int:
        """K, taps of a filter."""
        return self._plan.filter_length

    @property
    def channels(self) -> int:
        """H, rows of one sample of u."""
        return self._plan.channels

    @property
    def groups(self) -> int:
        """G, filters that the channels share."""
        return self._plan.groups

    @property
    def reverse_length(self) -> int:
        """R, taps of the reverse filter; 0 for none."""
        return self._plan.reverse_length

    @property
    def output_length(self) -> int:
        """M, samples of a row of y."""
        return self._plan.output_length

    @property
    def mode(self) -> Mode:
        """Part of the linear convolution that is returned."""
        return self._plan.mode

    @property
    def reverse_lag(self) -> ReverseLag:
        """Lag of tap j of the reverse filter: "shifted" -(j+1), "overlapped" -j."""
        return self._plan.reverse_lag

    @property
    def dtype(self) -> DTypeName:
        """dtype of u, the gates and y."""
        return self._plan.dtype

    @property
    def device(self) -> str:
        """Device of the arrays: "cpu" or "cuda:N"."""
        return self._plan.device

    def __repr__(self) -> str:
        return (
            f"<longwing.ConvPlan length={self.length} filter_length={self.filter_length} channels={self.channels} "
            f"groups={self.groups} reverse_length={self.reverse_length} mode={self.mode!r} dtype={self.dtype!r} "
            f"device={self.device!r}>"
        )


def plan(
    *,
    length: int,
    filter_length: int,
    channels: int,
    groups: int | None = None,
    reverse_length: int = 0,
    mode: Mode = "causal",
    reverse_lag: ReverseLag = "shifted",
    dtype: DTypeLike = "float32",
    device: str = "cpu",
) -> ConvPlan:
    """Prepare convolutions of rows of `length` samples with filters of `filter_length` taps.

    Parameters
    ----------
    length, filter_length, channels : int
        L, K and H of :func:`longwing.long_conv`, at least 1.
    groups : int, optional
        G, a divisor of H; None: H.
    reverse_length : int
        R, taps of the reverse filter; 0 for none. Modes causal and circular only.
    mode, reverse_lag
        As in :func:`longwing.long_conv`.
    dtype : {"float32", "float64", "float16", "bfloat16"} or a library's dtype of that name
        Of u, the gates and y. np.float32, np.dtype("float32") and torch.float32 stand for "float32".
    device : str
        "cpu", "cuda" or "cuda:N".

    Raises
    ------
    LongwingValueError, LongwingTypeError
        An argument that is out of range, unknown or of a wrong type.
    LongwingRuntimeError
        No backend for the device, or not enough memory.

    Notes
    -----
    Plans are cached: asking again for an equal one is cheap. See :func:`longwing.set_plan_cache_limit`.
    """
    dtype = dtype if isinstance(dtype, str) else dtype_name(dtype)
    return ConvPlan(
        _core.Plan(length, filter_length, channels, groups, reverse_length, mode, reverse_lag, dtype, device)
    )
