"""What a model has to beat, from the same data: each of a few lines, and without training to speak of."""

from __future__ import annotations

import lzma
import re
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from bench.tasks.data.base import ArrayExamples, Examples, TaskData
from bench.tasks.data.errors import OptionError
from bench.tasks.data.tokens import TextExamples

_ORDERS = (1, 2, 3)
_RIDGES = (300.0, 1000.0, 3000.0)


def majority(data: TaskData) -> float:
    """Return the test accuracy of always answering the class that is most frequent in training."""
    training, tested = _labels(data, data.train), _labels(data, data.test)
    return float(np.mean(tested == np.bincount(training).argmax()))


def _labels(data: TaskData, examples: Examples) -> np.ndarray:
    if not isinstance(examples, (ArrayExamples, TextExamples)) or data.classes is None:
        raise OptionError("data", data.name, "examples with a class each")
    return examples.labels


def tfidf(data: TaskData) -> float:
    """Return the test accuracy of retrieval by the cosine between TF-IDF vectors, at the best threshold of training.

    Words are runs of letters, digits and underscores, in lower case, in the bytes that a model sees; a word weighs
    (1 + log tf)·log(N/df), df over the N documents of the training pairs.
    """
    training, tested = _word_pairs(data, data.train), _word_pairs(data, data.test)
    frequency = Counter(word for pair in training for words in pair for word in words)
    weights = {word: np.log(2 * len(training) / count) for word, count in frequency.items()}
    threshold = _best_threshold(_cosines(training, weights), _labels(data, data.train))
    return float(np.mean((_cosines(tested, weights) >= threshold) == _labels(data, data.test)))


def _word_pairs(data: TaskData, examples: Examples) -> list[list[Counter[bytes]]]:
    if not isinstance(examples, TextExamples) or data.kind != "retrieval":
        raise OptionError("data", data.name, "pairs of texts")
    known: dict[bytes, Counter[bytes]] = {}
    pairs = []
    for i in range(len(examples)):
        texts = [text[: data.length] for text in examples.texts(i)]
        for text in texts:
            if text not in known:
                known[text] = Counter(re.findall(rb"\w+", text.lower()))
        pairs.append([known[text] for text in texts])
    return pairs


def _cosines(pairs: Sequence[Sequence[Counter[bytes]]], weights: Mapping[bytes, float]) -> np.ndarray:
    vectors: dict[int, dict[bytes, float]] = {}
    for words in (words for pair in pairs for words in pair):
        if id(words) not in vectors:
            raw = {word: (1 + np.log(n)) * weights[word] for word, n in words.items() if word in weights}
            norm = np.sqrt(sum(value * value for value in raw.values())) or 1.0
            vectors[id(words)] = {word: value / norm for word, value in raw.items()}
    found = []
    for first, second in ((vectors[id(a)], vectors[id(b)]) for a, b in pairs):
        small, large = sorted((first, second), key=len)
        found.append(sum(value * large.get(word, 0.0) for word, value in small.items()))
    return np.array(found)


def _best_threshold(scores: np.ndarray, classes: np.ndarray) -> float:
    """Return the score from which on to answer 1, so that most of `classes` are right."""
    order = np.argsort(scores)
    right = np.cumsum(1 - classes[order]) - (1 - classes[order]) + np.cumsum(classes[order][::-1])[::-1]
    return float(scores[order][right.argmax()])


def persistence(series: Sequence[np.ndarray]) -> float:
    """Return the mean squared error of predicting the last value again, over series (T, C)."""
    return float(np.mean([np.mean((one[1:] - one[:-1]) ** 2) for one in series]))


def ridge_var(training: Sequence[np.ndarray], tested: Sequence[np.ndarray]) -> float:
    """Return the test error of a vector autoregression x[t] = Σ_i A_i·x[t-i], fitted with a ridge penalty λ·Σ|A_i|².

    Order and λ are those with the least error when each training series in turn is left out; then all of them fit. Series
    are (T, C); the error is the mean square over the steps that have all their predecessors.
    """
    errors: dict[tuple[int, float], float] = {}
    for order in _ORDERS:
        normal = [_normal_equations(one, order) for one in training]
        for ridge in _RIDGES:
            left = [_error(_solve(normal[:i] + normal[i + 1 :], ridge), one, order) for i, one in enumerate(training)]
            errors[order, ridge] = float(np.mean(left))
    order, ridge = min(errors, key=lambda choice: errors[choice])
    fitted = _solve([_normal_equations(one, order) for one in training], ridge)
    return float(np.mean([_error(fitted, one, order) for one in tested]))


def _lagged(series: np.ndarray, order: int) -> tuple[np.ndarray, np.ndarray]:
    past = [series[order - 1 - i : len(series) - 1 - i] for i in range(order)]
    return np.concatenate(past, axis=1), series[order:]


def _normal_equations(series: np.ndarray, order: int) -> tuple[np.ndarray, np.ndarray]:
    past, now = _lagged(series, order)
    return past.T @ past, past.T @ now


def _solve(normal: Sequence[tuple[np.ndarray, np.ndarray]], ridge: float) -> np.ndarray:
    gram, cross = (np.sum(matrices, axis=0) for matrices in zip(*normal, strict=True))
    return np.linalg.solve(gram + ridge * np.eye(len(gram)), cross)


def _error(fitted: np.ndarray, series: np.ndarray, order: int) -> float:
    past, now = _lagged(series, order)
    return float(np.mean((past @ fitted - now) ** 2))


def xz_bits_per_byte(text: bytes, before: bytes = b"") -> float:
    """Return the bits that xz at its best preset spends on each byte of `text`, which follows `before`."""
    if not text:
        raise OptionError("text", text, "one byte and more")
    return 8 * (_xz_bytes(before + text) - (_xz_bytes(before) if before else 0)) / len(text)


def _xz_bytes(text: bytes) -> int:
    return len(lzma.compress(text, preset=9 | lzma.PRESET_EXTREME))
