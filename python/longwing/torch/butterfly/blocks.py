"""Block sizes: how a transform of n points is cut into small matrices."""

from __future__ import annotations

from collections.abc import Sequence

from longwing._core import LongwingTypeError, LongwingValueError
from longwing.torch.checks import check_int

_DEFAULT_BLOCK = 16  # one tile of a GPU's matrix unit


def block_sizes(
    n: int, *, order: int | None = None, block_size: int | None = None, blocks: Sequence[int] | None = None
) -> tuple[int, ...]:
    """Return the sizes, smallest first unless `blocks` says otherwise, whose product is n.

    `order` p gives p sizes as equal as powers of two can be; `block_size` r gives as many r as fit and one smaller size;
    `blocks` is the sizes themselves. At most one of the three; none of them is block_size=min(16, n). Raises
    LongwingValueError where n or a size is no power of two from 2, or the product is not n.
    """
    bits = _bits(n, "n")
    choices = {"order": order, "block_size": block_size, "blocks": blocks}
    given = [name for name, value in choices.items() if value is not None]
    if len(given) > 1:
        raise LongwingValueError(f"{' and '.join(given)} say the same thing: give one of them")
    if blocks is not None:
        return _checked(n, blocks)
    if order is not None:
        return _equal(bits, order)
    size = min(_DEFAULT_BLOCK, n) if block_size is None else block_size
    width = _bits(size, "block_size")
    if size > n:
        raise LongwingValueError(f"block_size must be at most n={n}, the dense matrix, got {size}")
    rest = bits % width
    return ((2**rest,) if rest else ()) + (size,) * (bits // width)


def _equal(bits: int, order: int) -> tuple[int, ...]:
    if not 1 <= check_int("order", order) <= bits:
        raise LongwingValueError(f"order must be from 1 to log2(n)={bits}, got {order}")
    short, longer = bits // order, bits % order
    return (2**short,) * (order - longer) + (2 ** (short + 1),) * longer


def _checked(n: int, blocks: Sequence[int]) -> tuple[int, ...]:
    if isinstance(blocks, str) or not isinstance(blocks, Sequence):
        raise LongwingTypeError(f"blocks must be a sequence of ints, got {blocks!r}")
    if sum(_bits(size, f"blocks[{index}]") for index, size in enumerate(blocks)) != _bits(n, "n"):
        raise LongwingValueError(f"blocks must have the product n={n}, got {tuple(blocks)}")
    return tuple(blocks)


def _bits(value: int, name: str) -> int:
    if check_int(name, value) < 2 or value & (value - 1):
        raise LongwingValueError(f"{name} must be a power of two from 2, got {value}")
    return value.bit_length() - 1
