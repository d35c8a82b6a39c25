"""What can be wrong with a run."""

from __future__ import annotations


class TaskError(ValueError):
    """A setting, checkpoint or result that can't be used; the text names it, its value and what is supported."""
