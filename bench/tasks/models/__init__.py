"""The models of the tasks: one backbone, longwing's, and what stands in its blocks."""

from bench.tasks.models.build import build

__all__ = ["build"]
