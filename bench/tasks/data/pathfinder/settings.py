"""What a Pathfinder image holds, at each size."""

from __future__ import annotations

from dataclasses import dataclass, fields

from bench.tasks.data.errors import OptionError

ANTIALIAS = 2
"""Dashes and discs are drawn this many times as large and resized."""


@dataclass(frozen=True)
class Settings:
    """Two target curves, distractors and two discs; lengths in pixels."""

    size: int
    padding: int
    """Border that no curve's mask may touch."""

    seed_distance: int
    """Between the origins of the two targets."""

    marker_radius: float
    paddle_length: int
    thickness: float
    margins: tuple[int, ...]
    """Free space around a dash; one of them is drawn for each image."""

    continuity: float
    """How strongly a curve goes straight on."""

    distractors: int
    snake_contrast: float
    """Of the distractors; the targets have this times `paddle_contrast`."""

    paddle_contrast: float
    segments: int = 14
    distractor_segments: int = 4

    def __post_init__(self) -> None:
        for name in ("segments", "distractor_segments"):
            if not 2 <= getattr(self, name) <= 64:
                raise OptionError(name, getattr(self, name), "2 to 64")
        if not 0 <= self.distractors <= 64:
            raise OptionError("distractors", self.distractors, "0 to 64")
        for name in ("snake_contrast", "paddle_contrast"):
            if not 0 < getattr(self, name) <= 4:
                raise OptionError(name, getattr(self, name), "above 0, to 4")
        if not 0 < self.continuity <= 4:
            raise OptionError("continuity", self.continuity, "above 0, to 4")

    def changed(self, changes: dict[str, float | None]) -> Settings:
        """Return these settings with those that are not None."""
        own = {field.name: getattr(self, field.name) for field in fields(self)}
        return Settings(**own | {name: value for name, value in changes.items() if value is not None})


HARD = {
    settings.size: settings
    for settings in (
        Settings(32, 1, 7, 1.5, 2, 0.5, (1,), 1.0, 5, 2.0, 0.75),
        Settings(64, 1, 12, 2.5, 5, 1.0, (1,), 1.8, 5, 0.8, 1.0),
        # A second source has 17 distractors and a contrast near .7: both are options.
        Settings(128, 1, 20, 3.0, 5, 1.5, (2, 3), 1.8, 8, 0.9, 1.0),
        Settings(256, 22, 27, 5.0, 5, 2.0, (3,), 1.8, 7, 1.0, 1.0),
    )
}
"""The hard split of the Long Range Arena, and its 256 x 256 sequel, by size."""
