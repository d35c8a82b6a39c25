"""Pathfinder: the reference's statistics and quirks, labels that the images bear out, and only the seed decides."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import ndimage

from bench.tasks.data import load
from bench.tasks.data.pathfinder.examples import generate
from bench.tasks.data.pathfinder.settings import HARD, Settings
from bench.tasks.data.pathfinder.stamps import DEGREES, markers, stamps

# Mean pixel, % above 64, % above 200 of the reference; how many images are drawn here, and how far their means may be off.
REFERENCE = {32: (20.2, 12.6, 1.5), 64: (13.6, 9.0, 0.96), 128: (7.89, None, None), 256: (2.94, None, None)}
COUNTS = {32: 2000, 64: 80, 128: 60, 256: 200}
EASY = HARD[64].changed({"distractors": 0, "segments": 6})


def drawn(settings: Settings, count: int, **options: int) -> tuple[np.ndarray, np.ndarray]:
    pixels = np.zeros((count, settings.size, settings.size), np.uint8)
    labels = np.full(count, 9, np.uint8)
    generate(settings, pixels, labels, **{"seed": 0, **options})
    return pixels, labels


@pytest.mark.parametrize("size", HARD)
def test_statistics_are_the_reference_s(size: int) -> None:
    pixels, labels = drawn(HARD[size], COUNTS[size])
    measures = (pixels, 100 * (pixels > 64), 100 * (pixels > 200))
    for measure, expected in zip(measures, REFERENCE[size], strict=True):
        if expected is not None:
            means = measure.mean((1, 2))
            # Six hundredths: the reference's figure is rounded, and comes of a sample and an older Pillow.
            assert abs(means.mean() - expected) < 4 * means.std() / np.sqrt(len(means)) + 0.06 * expected
    assert set(labels.tolist()) == {0, 1}
    assert abs(labels.mean() - 0.5) < 2 / np.sqrt(len(labels))
    assert (pixels.max((1, 2)) == 255).all()
    assert (pixels.min((1, 2)) == 0).all()


@pytest.mark.parametrize(
    ("size", "margin", "accepted"), [(32, 1, 30), (64, 1, 95), (128, 2, 354), (128, 3, 360), (256, 3, 360)]
)
def test_the_reference_accepts_only_some_directions(size: int, margin: int, accepted: int) -> None:
    assert (stamps(HARD[size], margin).kernel_sizes > 0).sum() == accepted


def test_candidates_lie_on_the_circle_and_point_away() -> None:
    for settings in HARD.values():
        for margin in settings.margins:
            table = stamps(settings, margin)
            assert len(np.unique(table.offsets, axis=0)) == len(table.offsets)
            distances = np.hypot(*table.offsets.T)
            assert (np.abs(distances - table.reach) < np.sqrt(2)).all()
            towards = np.stack([np.sin(table.angles[DEGREES:]), np.cos(table.angles[DEGREES:])], axis=1)
            np.testing.assert_allclose(towards * distances[:, None], table.offsets, atol=1e-9)
            assert len(table.lines) == DEGREES + len(table.offsets)


def test_a_dash_is_thinner_than_its_mask_and_starts_in_the_centre() -> None:
    table = stamps(HARD[128], 3)
    half = table.lines.shape[1] // 2
    assert (table.lines[:, half, half] > 100).all()
    assert ((table.lines > 128) <= (table.masks > 128)).all()
    assert (table.masks[:, half, half] == 255).all()
    y, x = np.mgrid[-half : half + 1, -half : half + 1]
    for which in range(0, DEGREES, 17):
        weight = table.lines[which].astype(float)
        centre = np.array([(weight * y).sum(), (weight * x).sum()]) / weight.sum()
        sine, cosine = np.sin(table.angles[which]), np.cos(table.angles[which])
        assert abs(centre @ [sine, cosine] - table.length / 2) < 1
        assert abs(centre @ [cosine, -sine]) < 1


def test_a_disc_in_the_centre_touches_no_edge() -> None:
    for settings in HARD.values():
        discs = markers(settings)
        reach = len(discs) // 2
        centre = discs[reach, reach]
        assert centre[reach, reach] > 240  # Lanczos overshoots
        assert not centre[[0, -1]].any()
        assert not centre[:, [0, -1]].any()
        assert discs[0, 0, 0, 0] > 240
        area = (centre / 255).sum()
        assert abs(area - np.pi * settings.marker_radius**2) < 0.2 * area


def test_discs_of_label_1_are_joined_by_dashes() -> None:
    """Grown by half a gap, the curve between two discs of one snake is in one piece; two snakes need not be."""
    pixels, labels = drawn(EASY, 300)
    joined = []
    for image in pixels:
        discs, count = ndimage.label(ndimage.binary_opening(image > 200, np.ones((3, 3))))
        if count != 2:
            joined.append(-1)
            continue
        pieces, _ = ndimage.label(ndimage.binary_dilation(image > 60, iterations=1), np.ones((3, 3)))
        joined.append(int(bool(set(pieces[discs == 1].tolist()) & set(pieces[discs == 2].tolist()))))
    same = np.array(joined)
    told = same >= 0
    assert told.mean() > 0.9
    assert same[told & (labels == 1)].mean() > 0.93
    assert same[told & (labels == 0)].mean() < 0.65


@pytest.mark.parametrize("contrast", [0.9, 0.7])
def test_a_target_has_the_contrast_asked_for_and_a_disc_has_1(contrast: float) -> None:
    pixels, _ = drawn(HARD[128].changed({"distractors": 0, "snake_contrast": contrast}), 20)
    bright = np.bincount(pixels.ravel(), minlength=256)[100:]
    commonest = sorted((100 + bright.argsort()[-2:]).tolist())
    assert commonest == [int(contrast * 255 + 0.5), 255]


def test_at_32_distractors_are_brighter_than_targets() -> None:
    """2.0 and 1.5: targets and discs, which are drawn first and are the same, fall, to 3/4 at most, among distractors."""
    alone, _ = drawn(HARD[32].changed({"distractors": 0}), 300)
    among, _ = drawn(HARD[32], 300)
    brightest = alone.reshape(300, -1).argmax(1)
    ratio = among.reshape(300, -1)[np.arange(300), brightest] / 255
    assert ratio.min() > 0.74
    assert (ratio < 0.99).mean() > 0.3


def test_more_distractors_and_segments_draw_more() -> None:
    means = [drawn(HARD[256].changed({"distractors": n}), 40)[0].mean() for n in (0, 8, 17)]
    assert means[0] < means[1] < means[2]
    lengths = [drawn(HARD[64].changed({"distractors": 0, "segments": n}), 40)[0].mean() for n in (2, 4, 6)]
    assert lengths[0] < lengths[1] < lengths[2]


@pytest.mark.parametrize("workers", [1, 3])
def test_neither_workers_nor_blocks_change_an_image(workers: int) -> None:
    pixels, labels = drawn(HARD[32], 200, workers=2, seed=9)
    again, again_labels = drawn(HARD[32], 90, workers=workers, seed=9, first=110)
    assert np.array_equal(pixels[110:], again)
    assert np.array_equal(labels[110:], again_labels)
    assert not np.array_equal(drawn(HARD[32], 90, seed=10)[0], pixels[:90])


def test_a_part_does_not_depend_on_the_size_of_another(tmp_path: Path) -> None:
    sizes = {"valid_size": 20, "test_size": 30}
    small = load("pathfinder", root=None, cache=tmp_path, seed=0, train_size=10, **sizes)
    large = load("pathfinder", root=None, cache=tmp_path, seed=0, train_size=40, **sizes)
    assert (small.kind, small.channels, small.classes, small.length) == ("classification", 1, 2, 1024)
    for a, b, count in ((small.test, large.test, 30), (small.valid, large.valid, 20), (small.train, large.train, 10)):
        assert all(torch.equal(a[i][0], b[i][0]) and a[i][1] == b[i][1] for i in range(count))
    x, y = small.train[0]
    assert (x.shape, x.dtype, y.dtype) == ((1024, 1), torch.float32, torch.int64)
    assert (float(x.min()), float(x.max())) == (-1.0, 1.0)
    parts = (large.train, large.valid, large.test)
    assert len({tuple(part[i][0].flatten().tolist()) for part in parts for i in range(len(part))}) == 90


@pytest.mark.parametrize(("name", "length"), [("pathx", 128 * 128), ("path256", 256 * 256)])
def test_names_of_sizes(name: str, length: int, tmp_path: Path) -> None:
    data = load(name, root=None, cache=tmp_path, seed=0, train_size=2, valid_size=1, test_size=1)
    assert (data.name, data.length, data.note) == (name, length, "")
    assert data.train[0][0].shape == (length, 1)
    easier = load(name, root=None, cache=tmp_path, seed=0, distractors=3, train_size=2, valid_size=1, test_size=1)
    assert easier.note == "not the hard split: distractors 3"
    assert not torch.equal(easier.train[0][0], data.train[0][0])
