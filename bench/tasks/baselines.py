"""What a figure has to beat, for each kind of task."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench.tasks.config import Config
from bench.tasks.data import TaskData, baselines, fmri, language


def found(config: Config, data: TaskData, root: Path | None) -> dict[str, float]:
    """Return the test figures of predictors without training to speak of, by name, in the unit of the task's own figure."""
    if data.kind == "regression":
        series = fmri.read(root)
        training, tested = series[: -fmri.TEST_SUBJECTS], series[-fmri.TEST_SUBJECTS :]
        return {"persistence": baselines.persistence(tested), "ridge VAR": baselines.ridge_var(training, tested)}
    if data.kind == "language_model":
        parts = _texts(config, root)
        return {
            "xz": baselines.xz_bits_per_byte(parts["test"]),
            "xz after the training text": baselines.xz_bits_per_byte(parts["test"], parts["train"] + parts["valid"]),
        }
    known = {"majority": baselines.majority(data)}
    return {**known, "TF-IDF": baselines.tfidf(data)} if data.kind == "retrieval" else known


def _texts(config: Config, root: Path | None) -> dict[str, bytes]:
    options: dict[str, Any] = dict(config.data)
    parts = language.read(root, options.get("corpus", "wikitext2")).parts
    return {name: text[: options.get(f"{name}_size")] for name, text in parts.items()}
