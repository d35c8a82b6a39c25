"""Any strides that NumPy can make, for every array of a call: the same bits as contiguous copies."""

from __future__ import annotations

from typing import Any

import longwing
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

AXES = st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(1, 60))


@st.composite
def views(draw: Any, shape: tuple[int, ...], *, writable: bool = False) -> Any:
    """An array of `shape` cut out of a larger one: an order of axes, steps, directions, offsets, repeated axes."""
    order = draw(st.permutations(range(len(shape))))
    repeated = [False if writable else draw(st.integers(0, 9)) == 0 for _ in shape]
    steps = [draw(st.sampled_from([1, 1, 2, 3, -1, -2])) for _ in shape]
    offsets = [draw(st.integers(0, 3)) for _ in shape]
    held = [offsets[a] + (1 if repeated[a] else abs(steps[a]) * (shape[a] - 1) + 1) for a in range(len(shape))]
    values = np.random.default_rng(draw(st.integers(0, 99))).standard_normal([held[a] for a in order]).astype("float32")
    view = values.transpose(np.argsort(order))
    for axis, (offset, step) in enumerate(zip(offsets, steps, strict=True)):
        part = [slice(None)] * len(shape)
        part[axis] = slice(offset, offset + 1) if repeated[axis] else slice(offset, None, abs(step))
        view = view[tuple(part)]
        if step < 0:
            view = np.flip(view, axis)
    return view if writable else np.broadcast_to(view, shape)


@given(st.data(), AXES, st.integers(1, 70), st.booleans(), st.sampled_from(["causal", "circular", "same"]))
@settings(max_examples=150, deadline=None)
def test_strides_do_not_change_bits(data: Any, shape: Any, taps: int, extras: bool, mode: Any) -> None:
    arrays = {"u": data.draw(views(shape)), "k": data.draw(views((shape[1], taps)))}
    if extras:
        arrays |= {name: data.draw(views(shape)) for name in ("pre_gate", "post_gate")}
        arrays["skip"] = data.draw(views(shape[1:2]))
        if mode != "same":
            arrays["reverse_filter"] = data.draw(views((shape[1], 5)))
    out = data.draw(views(shape, writable=True))
    kept = {name: a.copy() for name, a in arrays.items()}
    assert longwing.long_conv(**arrays, mode=mode, out=out) is out
    assert np.array_equal(out, longwing.long_conv(**kept, mode=mode))
    assert all(np.array_equal(arrays[name], a) for name, a in kept.items())


@given(st.data(), AXES, st.integers(1, 70))
@settings(max_examples=60, deadline=None)
def test_strides_do_not_change_bits_of_gradients(data: Any, shape: Any, taps: int) -> None:
    dy, u, gate = (data.draw(views(shape)) for _ in range(3))
    k, skip = data.draw(views((shape[1], taps))), data.draw(views(shape[1:2]))
    plan = longwing.plan(length=shape[-1], filter_length=taps, channels=shape[1])
    actual = plan.backward(dy, u, plan.spectrum(k), skip=skip, pre_gate=gate, activation="silu")
    expected = plan.backward(
        dy.copy(), u.copy(), plan.spectrum(k.copy()), skip=skip.copy(), pre_gate=gate.copy(), activation="silu"
    )
    for a, e in zip(actual, expected, strict=True):
        assert (a is None) == (e is None)
        assert a is None or np.array_equal(a, e)


def test_long_rows_of_every_stride() -> None:
    rng = np.random.default_rng(0)
    u, k = rng.standard_normal((2, 3, 9000)).astype("float32"), rng.standard_normal((3, 9000)).astype("float32")
    for step in (1, 2, -1, -3):
        part, taps = u[..., ::step], k[:, ::step]
        assert np.array_equal(longwing.long_conv(part, taps), longwing.long_conv(part.copy(), taps.copy()))
    repeated = np.broadcast_to(u[:, :, :1], u.shape)
    assert np.array_equal(longwing.long_conv(repeated, k), longwing.long_conv(repeated.copy(), k))
