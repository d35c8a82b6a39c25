"""The baselines, on data whose answer is known."""

from __future__ import annotations

import lzma

import numpy as np
import pytest
import torch

from bench.tasks.data import OptionError, TaskData
from bench.tasks.data.base import ArrayExamples
from bench.tasks.data.baselines import majority, persistence, ridge_var, tfidf, xz_bits_per_byte
from bench.tasks.data.retrieval import with_negatives
from bench.tasks.data.tokens import ByteTexts, TextExamples


def classified(train: list[int], test: list[int]) -> TaskData:
    def examples(classes: list[int]) -> ArrayExamples:
        return ArrayExamples(torch.zeros(len(classes), 3), torch.tensor(classes), lambda x: x)

    parts = {"train": examples(train), "valid": examples(train), "test": examples(test)}
    return TaskData("toy", **parts, kind="classification", vocabulary=4, channels=None, classes=3, length=3, source="here")


def test_majority_takes_the_class_of_training() -> None:
    assert majority(classified([0, 2, 2, 1], [2, 2, 1, 0, 0])) == 0.4
    assert majority(classified([0, 0, 1], [1, 1, 1, 0])) == 0.25


def paired(length: int, seed: int = 0) -> TaskData:
    """Documents of ten subjects, of few words of their own each; a link joins two of one subject."""
    generator = np.random.default_rng(seed)
    texts = []
    for i in range(200):
        own, common = generator.integers(0, 12, 30), generator.integers(0, 50, 30)
        words = [*(f"own{i % 10}x{w}" for w in own), *(f"any{w}" for w in common)]
        texts.append((" ".join(generator.permutation(words))).encode())
    links = np.array([[i, i + 10] for i in range(190)] + [[i, i + 20] for i in range(180)])
    same = {(i, j) for i in range(200) for j in range(i, 200) if i % 10 == j % 10}
    documents, classes = with_negatives(links, same, generator)
    joined = ByteTexts.joined(texts)
    parts = {
        part: TextExamples(joined, documents[rows], classes[rows], length)
        for part, rows in (("train", slice(0, 400)), ("valid", slice(400, 500)), ("test", slice(500, None)))
    }
    counts = {"vocabulary": 257, "channels": None, "classes": 2}
    return TaskData("toy", **parts, kind="retrieval", **counts, length=length, source="here")


def test_tfidf_finds_what_shares_rare_words() -> None:
    assert tfidf(paired(4000)) > 0.98


def test_tfidf_reads_no_further_than_a_model() -> None:
    assert 0.5 < tfidf(paired(60)) < tfidf(paired(4000))


def test_tfidf_has_no_answer_for_other_data() -> None:
    with pytest.raises(OptionError, match="pairs of texts"):
        tfidf(classified([0, 1], [0, 1]))


def autoregressive(coefficients: np.ndarray, steps: int, seed: int) -> np.ndarray:
    """x[t] = Σ_i A_i x[t-i] + noise of variance 1."""
    noise = np.random.default_rng(seed).normal(size=(steps, coefficients.shape[1]))
    series = np.zeros_like(noise)
    for t in range(steps):
        past = [coefficients[i] @ series[t - 1 - i] for i in range(min(t, len(coefficients)))]
        series[t] = noise[t] + sum(past)
    return series


def test_ridge_var_comes_down_to_the_noise() -> None:
    rotation = np.array([[np.cos(0.3), np.sin(0.3)], [-np.sin(0.3), np.cos(0.3)]])
    coefficients = np.stack([0.6 * rotation, -0.3 * rotation.T])
    series = [autoregressive(coefficients, 6000, seed) for seed in range(4)]
    error = ridge_var(series[:3], series[3:])
    assert 0.95 < error < 1.06
    assert error < 0.8 * persistence(series[3:])
    assert error < 0.95 * np.mean(series[3] ** 2)


def test_persistence_of_a_ramp_is_its_slope_squared() -> None:
    ramp = np.arange(10.0)[:, None] * np.array([3.0, 1.0])
    assert persistence([ramp]) == pytest.approx(5.0)


def test_xz_bits_are_those_of_the_compressed_file() -> None:
    noise = np.random.default_rng(0).integers(0, 256, 10_000, np.uint8).tobytes()
    assert 8 < xz_bits_per_byte(noise) < 8.2
    text = b"to be or not to be " * 500
    assert xz_bits_per_byte(text) < 0.3
    assert xz_bits_per_byte(noise, before=noise) < 0.5
    assert xz_bits_per_byte(text) == 8 * len(lzma.compress(text, preset=9 | lzma.PRESET_EXTREME)) / len(text)
    with pytest.raises(OptionError, match="text"):
        xz_bits_per_byte(b"")
