"""Every dash and disc that a Pathfinder image can hold, drawn once: directions are few, since all ends are whole pixels."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from bench.tasks.data.pathfinder.settings import ANTIALIAS, Settings

DEGREES = 360
"""Seeds have whole degrees, -180 … 179: stamps 0 … 359. Those of the candidates follow."""


class Stamps(NamedTuple):
    """Dashes for one margin m, of length l: bytes (S, 2h+1, 2h+1), their first end at the centre.

    A candidate is a pixel at distance R = l + m of a pivot at which a dash may end that points back to the pivot.
    """

    lines: np.ndarray
    masks: np.ndarray
    """A line dilated by m."""

    angles: np.ndarray
    """(S,) float64: of a seed its direction, of a candidate the direction from the pivot to it."""

    offsets: np.ndarray
    """(C, 2) candidates relative to the pivot, (y, x)."""

    disc: np.ndarray
    """(D, 2) pixels within m of the centre."""

    kernels: np.ndarray
    """(360, E, 2) pixels relative to a seed's tail that it needs free; the first `kernel_sizes` count."""

    kernel_sizes: np.ndarray
    """(360,); 0 where the direction is never accepted."""

    reach: int
    """R = l + m, the distance from a dash's head to its pivot."""

    step: int
    """l + 2m, from one pivot to the next."""

    length: int


def stamps(settings: Settings, margin: int) -> Stamps:
    """Draw the dashes of `settings` for one of its margins."""
    reach = settings.paddle_length + margin
    offsets, towards = _candidates(reach)
    seeds = np.arange(-180, 180) * np.pi / 180
    back = np.where(towards < 0, towards + np.pi, towards - np.pi)
    drawn = [_dash(settings, margin, angle) for angle in (*seeds, *back)]
    kernels, sizes = _kernels(np.stack([mask for _, mask in drawn[:DEGREES]]), reach)
    return Stamps(
        lines=np.stack([line for line, _ in drawn]),
        masks=np.stack([mask for _, mask in drawn]),
        angles=np.concatenate([seeds, towards]),
        offsets=offsets,
        disc=np.argwhere(_disc(margin)) - margin,
        kernels=kernels,
        kernel_sizes=sizes,
        reach=reach,
        step=reach + margin,
        length=settings.paddle_length,
    )


def _candidates(reach: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the distinct pixels, truncated, of a circle sampled at each pixel of its arc, and their directions."""
    angles = np.arange(0, 360, 360 / (2 * reach * np.pi)) * np.pi / 180
    circle = reach * np.stack([np.sin(angles), np.cos(angles)], axis=1)
    # Truncated where coordinates are positive, as they are inside an image, hence rounded down.
    offsets = np.unique(np.floor(circle + reach + 1).astype(np.int64) - reach - 1, axis=0)
    return offsets, np.arctan2(offsets[:, 0], offsets[:, 1])


def _dash(settings: Settings, margin: int, angle: float) -> tuple[np.ndarray, np.ndarray]:
    """Return line and mask: drawn in black and white ANTIALIAS times as large, resized by Lanczos."""
    from PIL import Image, ImageDraw
    from scipy.ndimage import binary_dilation

    half = settings.paddle_length + int(np.ceil(settings.thickness)) + margin
    centre = half * ANTIALIAS
    far = settings.paddle_length * ANTIALIAS
    # (x, y), rounded up, as every move of the reference is.
    head = int(np.ceil(centre + far * np.cos(angle))), int(np.ceil(centre + far * np.sin(angle)))
    large = Image.new("L", (2 * centre + 1, 2 * centre + 1))
    ImageDraw.Draw(large).line([(centre, centre), head], fill=255, width=round(settings.thickness * ANTIALIAS))
    dilated = binary_dilation(np.asarray(large) > 0, _disc(margin * ANTIALIAS))
    return _resized(np.asarray(large), 2 * half + 1), _resized(dilated.astype(np.uint8) * 255, 2 * half + 1)


def _resized(image: np.ndarray, size: int) -> np.ndarray:
    from PIL import Image

    return np.asarray(Image.fromarray(image).resize((size, size), Image.Resampling.LANCZOS))


def _disc(radius: int) -> np.ndarray:
    y, x = np.ogrid[-radius : radius + 1, -radius : radius + 1]
    return x * x + y * y <= radius * radius


def _kernels(masks: np.ndarray, reach: int) -> tuple[np.ndarray, np.ndarray]:
    """Return what each seed needs free: the full pixels of its mask within `reach`, shifted by (1, 1).

    The shift is the reference's. So is the rule that a direction counts only if its kernel reaches into the image from all
    four corners: elsewhere its dilation leaves the least value of a double in a corner, which then fails a check.
    """
    half = masks.shape[1] // 2
    found = []
    for mask in masks:
        offsets = np.argwhere(mask == 255) - half + 1
        offsets = offsets[(np.abs(offsets) <= reach).all(axis=1)]
        corners = [((offsets * sign) >= 0).all(axis=1).any() for sign in ((1, 1), (1, -1), (-1, 1), (-1, -1))]
        found.append(offsets if all(corners) else offsets[:0])
    sizes = np.array([len(offsets) for offsets in found])
    kernels = np.zeros((len(found), sizes.max(), 2), np.int64)
    for kernel, offsets in zip(kernels, found, strict=True):
        kernel[: len(offsets)] = offsets
    return kernels, sizes


def markers(settings: Settings) -> np.ndarray:
    """Return discs as bytes (W, W, W, W): [a, b] is a W x W canvas with one at (a, b).

    The canvas is just so wide that the disc in its centre touches no edge: at an edge Lanczos' weights differ.
    """
    reach = int(np.ceil(settings.marker_radius)) + 4
    width = 2 * reach + 1
    discs = np.empty((width, width, width, width), np.uint8)
    fine = np.arange(width * ANTIALIAS)
    for a in range(width):
        for b in range(width):
            y, x = (fine - a * ANTIALIAS)[:, None], fine - b * ANTIALIAS
            inside = x * x + y * y <= (settings.marker_radius * ANTIALIAS) ** 2
            discs[a, b] = _resized(inside.astype(np.uint8) * 255, width)
    return discs
