"""Lays dashes out into curves. Masks are bytes (255 = 1), coordinates (y, x), directions radians with y down.

A snake is state of five integers, PIVOT (y, x) and the STAMP last drawn (which, y, x), and one direction. A dash enters the
mask one step after it is drawn, so that a curve does not collide with its own head.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

from bench.tasks.data.pathfinder.settings import Settings
from bench.tasks.data.pathfinder.stamps import DEGREES, Stamps
from bench.tasks.data.streams import below, uniform

OCCUPIED = 77
"""Least mask, .3 of 255 rounded up, that a seed may not touch."""

COLLISION = 459
"""Least sum of two masks, 1.8 of 255, that is one too many."""

_SEGMENT_TRIES, _DISTRACTOR_TRIES = 3, 5
_LEAST_WEIGHT = 1e-4
_LEAST_FREE = 0.01
_BLIND_TRIES = 256
"""Pixels tried at random for a distractor's seed before the free ones are listed; either way each is as likely."""

_FULL_TURN = 2 * np.pi


class Rules(NamedTuple):
    """What of `Settings` compiled code reads."""

    size: int
    padding: int
    seed_distance: int
    continuity: float
    segments: int
    distractors: int
    distractor_segments: int

    @classmethod
    def of(cls, settings: Settings) -> Rules:
        """Return the rules of `settings`."""
        return cls(*(getattr(settings, name) for name in cls._fields))


class Scene(NamedTuple):
    """An image that is being drawn: its rules and dashes, the mask of what is taken, and the layer that is seen."""

    rules: Rules
    stamps: Stamps
    mask: np.ndarray
    layer: np.ndarray


@numba.njit(nogil=True, cache=True)
def draw_targets(random: np.ndarray, scene: Scene, tips: np.ndarray) -> None:
    """Draw two curves into the scene, anew until both are whole; tips[snake] is (y, x) of its two ends."""
    snakes = np.empty((2, 5), np.int64)
    angles = np.empty(2)
    while True:
        _clear(scene)
        if not _seed_pair(random, scene, snakes, angles):
            continue
        for i in range(2):
            put(scene.layer, scene.stamps.lines[snakes[i, 2]], snakes[i, 3], snakes[i, 4])
            tips[i, 0] = snakes[i, 3:]
        if _grown(random, scene, snakes, angles):
            break
    for i in range(2):
        tips[i, 1] = snakes[i, 3:]
    # Only the second one's last dash: the reference adds the mask of the last of its list.
    put(scene.mask, scene.stamps.masks[snakes[1, 2]], snakes[1, 3], snakes[1, 4])


@numba.njit(nogil=True, cache=True)
def draw_distractors(random: np.ndarray, scene: Scene) -> int:
    """Draw short curves into the scene, each where there is room for it; return how many found some."""
    snake = np.empty(5, np.int64)
    angle = np.empty(1)
    drawn = 0
    for _ in range(scene.rules.distractors):
        for _ in range(_DISTRACTOR_TRIES):
            old_mask, old_layer = scene.mask.copy(), scene.layer.copy()
            if _distractor(random, scene, snake, angle):
                drawn += 1
                break
            scene.mask[:], scene.layer[:] = old_mask, old_layer
    return drawn


@numba.njit(nogil=True, cache=True)
def _clear(scene: Scene) -> None:
    scene.layer[:] = 0
    scene.mask[:] = 255
    inside = slice(scene.rules.padding, scene.rules.size - scene.rules.padding)
    scene.mask[inside, inside] = 0


@numba.njit(nogil=True, cache=True)
def _grown(random: np.ndarray, scene: Scene, snakes: np.ndarray, angles: np.ndarray) -> bool:
    for _ in range(scene.rules.segments - 1):
        for i in range(2):
            if not extended(random, scene, snakes[i], angles[i : i + 1]):
                return False
    return True


@numba.njit(nogil=True, cache=True)
def _distractor(random: np.ndarray, scene: Scene, snake: np.ndarray, angle: np.ndarray) -> bool:
    if not _seed_anywhere(random, scene, snake, angle):
        return False
    put(scene.layer, scene.stamps.lines[snake[2]], snake[3], snake[4])
    for _ in range(scene.rules.distractor_segments - 1):
        if not extended(random, scene, snake, angle):
            return False
    put(scene.mask, scene.stamps.masks[snake[2]], snake[3], snake[4])
    return True


@numba.njit(nogil=True, cache=True)
def _seed_pair(random: np.ndarray, scene: Scene, snakes: np.ndarray, angles: np.ndarray) -> bool:
    """Place the first dash where all it needs is 2·seed_distance off the border, the second one seed_distance from it."""
    low, high = 2 * scene.rules.seed_distance, scene.rules.size - 1 - 2 * scene.rules.seed_distance
    for _ in range(_SEGMENT_TRIES):
        which = below(random, DEGREES)
        needs = scene.stamps.kernels[which, : scene.stamps.kernel_sizes[which]]
        if len(needs) == 0:
            return False
        top, left = low - needs[:, 0].min(), low - needs[:, 1].min()
        height, width = high - needs[:, 0].max() - top + 1, high - needs[:, 1].max() - left + 1
        if height <= 0 or width <= 0:
            return False
        if _seeded(scene, which, top + below(random, height), left + below(random, width), snakes[0], angles[0:1]):
            break
    else:
        return False
    for _ in range(_SEGMENT_TRIES):
        which = below(random, DEGREES)
        around = below(random, 360) * np.pi / 180
        y = int(np.rint(snakes[0, 3] + scene.rules.seed_distance * np.sin(around)))
        x = int(np.rint(snakes[0, 4] + scene.rules.seed_distance * np.cos(around)))
        if _seeded(scene, which, y, x, snakes[1], angles[1:2]):
            return True
    return False


@numba.njit(nogil=True, cache=True)
def _seed_anywhere(random: np.ndarray, scene: Scene, snake: np.ndarray, angle: np.ndarray) -> bool:
    """Place a dash at a pixel, each as likely, from which all that it needs is free."""
    if (scene.mask < OCCUPIED).sum() < _LEAST_FREE * scene.rules.size * scene.rules.size:
        return False
    for _ in range(_SEGMENT_TRIES):
        which = below(random, DEGREES)
        needs = scene.stamps.kernels[which, : scene.stamps.kernel_sizes[which]]
        if len(needs) == 0:
            return False
        y, x = _free_pixel(random, scene.mask, needs)
        if y < 0:
            return False
        if _seeded(scene, which, y, x, snake, angle):
            return True
    return False


@numba.njit(nogil=True, cache=True)
def _free_pixel(random: np.ndarray, mask: np.ndarray, needs: np.ndarray) -> tuple[int, int]:
    """Return one of the pixels from which all that `needs` says is free, or (-1, -1)."""
    size = len(mask)
    for _ in range(_BLIND_TRIES):
        y, x = below(random, size), below(random, size)
        if _is_free(mask, needs, y, x):
            return y, x
    listed = np.empty(size * size, np.int64)
    count = 0
    for y in range(size):
        for x in range(size):
            if _is_free(mask, needs, y, x):
                listed[count] = y * size + x
                count += 1
    if count == 0:
        return -1, -1
    found = listed[below(random, count)]
    return found // size, found % size


@numba.njit(nogil=True, cache=True)
def _is_free(mask: np.ndarray, needs: np.ndarray, top: int, left: int) -> bool:
    """Whether nothing needed is occupied or on the image's edge; what lies outside is not looked at."""
    last = len(mask) - 1
    for dy, dx in needs:
        y, x = top + dy, left + dx
        if 0 <= y <= last and 0 <= x <= last and (y in (0, last) or x in (0, last) or mask[y, x] >= OCCUPIED):
            return False
    return True


@numba.njit(nogil=True, cache=True)
def _seeded(scene: Scene, which: int, y: int, x: int, snake: np.ndarray, angle: np.ndarray) -> bool:
    """Start a snake with dash `which` at (y, x), if its head and its pivot are inside the image."""
    length, reach = scene.stamps.length, scene.stamps.reach
    angle[0] = scene.stamps.angles[which]
    sine, cosine = np.sin(angle[0]), np.cos(angle[0])
    head_y, head_x = int(np.ceil(y + length * sine)), int(np.ceil(x + length * cosine))
    snake[0], snake[1] = int(np.ceil(head_y - reach * sine)), int(np.ceil(head_x - reach * cosine))
    snake[2], snake[3], snake[4] = which, y, x
    return _inside(scene.rules.size, head_y, head_x) and _inside(scene.rules.size, snake[0], snake[1])


@numba.njit(nogil=True, cache=True)
def extended(random: np.ndarray, scene: Scene, snake: np.ndarray, angle: np.ndarray) -> bool:
    """Add one dash to a snake, drawn with the weight of each candidate; False where there is none that fits."""
    y = int(np.ceil(snake[0] + scene.stamps.step * np.sin(angle[0])))
    x = int(np.ceil(snake[1] + scene.stamps.step * np.cos(angle[0])))
    weights = _weights(scene, y, x, angle[0])
    total = weights.sum()
    if total < _LEAST_WEIGHT:
        return False
    for _ in range(_SEGMENT_TRIES):
        chosen = min(np.searchsorted(np.cumsum(weights), uniform(random) * total, side="right"), len(weights) - 1)
        which = DEGREES + chosen
        head_y, head_x = y + scene.stamps.offsets[chosen, 0], x + scene.stamps.offsets[chosen, 1]
        if _collides(scene.mask, scene.stamps.masks[which], head_y, head_x):
            continue
        put(scene.layer, scene.stamps.lines[which], head_y, head_x)
        put(scene.mask, scene.stamps.masks[snake[2]], snake[3], snake[4])
        snake[0], snake[1], snake[2], snake[3], snake[4] = y, x, which, head_y, head_x
        angle[0] = scene.stamps.angles[which]
        return True
    return False


@numba.njit(nogil=True, cache=True)
def _weights(scene: Scene, y: int, x: int, angle: float) -> np.ndarray:
    """Return, for each candidate, (1 - the mask's maximum in the disc around it)·max(cos min(c·δ, π/2), 0)²."""
    weights = np.zeros(len(scene.stamps.offsets))
    for i in range(len(weights)):
        at_y, at_x = y + scene.stamps.offsets[i, 0], x + scene.stamps.offsets[i, 1]
        if not _inside(scene.rules.size, at_y, at_x):
            continue
        turn = abs(scene.stamps.angles[DEGREES + i] - angle)
        turn = min(min(turn, _FULL_TURN - turn) * scene.rules.continuity, 0.5 * np.pi)
        occupied = 0
        for dy, dx in scene.stamps.disc:
            if _inside(scene.rules.size, at_y + dy, at_x + dx):
                occupied = max(occupied, scene.mask[at_y + dy, at_x + dx])
        weights[i] = (1 - occupied / 255) * max(np.cos(turn), 0.0) ** 2
    return weights


@numba.njit(nogil=True, cache=True)
def _inside(size: int, y: int, x: int) -> bool:
    return 0 <= y < size and 0 <= x < size


@numba.njit(nogil=True, cache=True)
def put(image: np.ndarray, stamp: np.ndarray, y: int, x: int) -> None:
    """Raise `image` to `stamp`, whose centre goes to (y, x)."""
    half = len(stamp) // 2
    for i in range(max(0, half - y), min(len(stamp), len(image) - y + half)):
        for j in range(max(0, half - x), min(len(stamp), len(image) - x + half)):
            at_y, at_x = y + i - half, x + j - half
            image[at_y, at_x] = max(image[at_y, at_x], stamp[i, j])


@numba.njit(nogil=True, cache=True)
def _collides(mask: np.ndarray, stamp: np.ndarray, y: int, x: int) -> bool:
    half = len(stamp) // 2
    for i in range(max(0, half - y), min(len(stamp), len(mask) - y + half)):
        for j in range(max(0, half - x), min(len(stamp), len(mask) - x + half)):
            if int(mask[y + i - half, x + j - half]) + int(stamp[i, j]) >= COLLISION:
                return True
    return False
