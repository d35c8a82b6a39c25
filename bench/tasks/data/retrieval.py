"""Retrieval of the Long Range Arena: whether one document cites the other."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import numpy as np

from bench.tasks.data.base import Request, TaskData
from bench.tasks.data.errors import CorruptDataError
from bench.tasks.data.files import Layout, checked_classes, locate, reading
from bench.tasks.data.splits import drawn
from bench.tasks.data.tokens import BYTE_VOCABULARY, PADDING, ByteTexts, TextExamples, checked_length

PARTS = ("train", "valid", "test")
_AAN = tuple(f"new_aan_pairs.{part}.tsv" for part in ("train", "eval", "test"))
_AAN_FOLDERS = ("lra_release/lra_release/tsv_data/", "tsv_data/", "")
_LAYOUTS = (
    *(Layout("AAN", tuple(f"{folder}{file}" for file in _AAN)) for folder in _AAN_FOLDERS),
    Layout("manual pages", ("manpages_links.json.gz",)),
)
_ADVICE = "get lra_release.gz of the Long Range Arena from github.com/google-research/long-range-arena and unpack it there"
_SOURCES = {
    "AAN": "ACL Anthology Network (Radev et al. 2013), pairs of the Long Range Arena; for research",
    "manual pages": "manual pages of Debian 13 (manpages, manpages-dev, libssl-doc, perl-doc), free licences",
}
_NOTES = {"AAN": "", "manual pages": "manual pages and their SEE ALSO links, not AAN; no document is in two parts"}

BLOCKS = 40
"""Pieces of the graph that go to one part together: with fewer the parts differ in subject, with more links are cut."""

_HELD_BLOCKS = 6
"""Blocks of validation, and as many of the test: about 900 pairs each."""

_Pairs = tuple[np.ndarray, np.ndarray]


def load(
    request: Request,
    *,
    length: int = 4000,
    train_size: int | None = None,
    valid_size: int | None = None,
    test_size: int | None = None,
) -> TaskData:
    """Pairs of documents: x (2, L) their first `length` bytes, y 1 where one refers to the other.

    AAN comes in its own three parts. Of manual pages, the seed divides the documents, not the pairs, into three parts; a
    link between two parts is dropped. As many pairs without a link are drawn from the same documents, each as often as it
    occurs in pairs with one, so that a document alone tells nothing.
    """
    checked_length(length)
    layout, paths = locate("retrieval", request.root, _LAYOUTS, _ADVICE)
    texts, pairs = _read_aan(paths) if layout == "AAN" else _read_pages(paths[0], request.seed)
    sizes = {"train": train_size, "valid": valid_size, "test": test_size}
    examples = {}
    for part, (documents, classes) in pairs.items():
        chosen = drawn(len(classes), request.seed, sizes[part], f"{part}_size")
        examples[part] = TextExamples(texts, documents[chosen], classes[chosen], length)
    return TaskData(
        name=request.name,
        **examples,
        kind="retrieval",
        vocabulary=BYTE_VOCABULARY,
        channels=None,
        classes=2,
        length=length,
        source=_SOURCES[layout],
        padding_token=PADDING,
        note=_NOTES[layout],
    )


def divided(links: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Return the part, 0 to 2, of each of `count` documents, or -1 where it has no link.

    Documents are ordered depth first along the links and cut into blocks, which go to a part whole: few links are lost.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import depth_first_order

    graph = coo_matrix((np.ones(2 * len(links)), np.concatenate([links, links[:, ::-1]]).T), (count, count)).tocsr()
    degree = np.diff(graph.indptr)
    order: list[int] = []
    seen = degree == 0
    for root in np.argsort(-degree, kind="stable"):
        if not seen[root]:
            reached = depth_first_order(graph, root, directed=False, return_predecessors=False)
            seen[reached] = True
            order.extend(reached.tolist())
    parts = np.zeros(BLOCKS, np.int64)
    held = np.random.default_rng(seed).permutation(BLOCKS)[: 2 * _HELD_BLOCKS]
    parts[held] = np.repeat([1, 2], _HELD_BLOCKS)
    part = np.full(count, -1)
    part[order] = parts[np.arange(len(order)) * BLOCKS // max(1, len(order))]
    return part


def with_negatives(links: np.ndarray, known: set[tuple[int, int]], generator: np.random.Generator) -> _Pairs:
    """Return the links and as many pairs that are none, shuffled, either document first, and their classes.

    Negatives pair the ends of the links anew; `known` holds every link as (smaller, larger).
    """
    ends = links.ravel()
    negatives: set[tuple[int, int]] = set()
    for _ in range(100 * len(links)):
        if len(negatives) == len(links):
            break
        first, second = sorted(generator.choice(ends, 2).tolist())
        if first != second and (first, second) not in known:
            negatives.add((first, second))
    documents = np.concatenate([links, np.array(sorted(negatives), np.int64).reshape(-1, 2)])
    classes = np.repeat([1, 0], [len(links), len(negatives)])
    order = generator.permutation(len(classes))
    swapped = generator.random(len(classes)) < 0.5
    documents[swapped] = documents[swapped, ::-1]
    return documents[order], classes[order]


def _read_pages(path: Path, seed: int) -> tuple[ByteTexts, dict[str, _Pairs]]:
    """Read gzipped JSON: `text` of each document, `pairs` of linked ones."""
    with reading(path), gzip.open(path, "rt", encoding="utf-8") as file:
        content = json.load(file)
        texts = [text.encode() for text in content["text"]]
        links = np.unique(np.sort(np.asarray(content["pairs"], np.int64).reshape(-1, 2), axis=1), axis=0)
        if links.size == 0 or links.min() < 0 or links.max() >= len(texts):
            raise CorruptDataError(path, f"its links do not point into its {len(texts)} texts")
    known = set(map(tuple, links.tolist()))
    part = divided(links, len(texts), seed)
    pairs = {}
    for number, name in enumerate(PARTS):
        inside = links[(part[links] == number).all(axis=1)]
        if len(inside) == 0:
            raise CorruptDataError(path, f"its {len(links)} links are too few to be divided")
        pairs[name] = with_negatives(inside, known, np.random.default_rng([seed, number]))
    return ByteTexts.joined(texts), pairs


def _read_aan(paths: list[Path]) -> tuple[ByteTexts, dict[str, _Pairs]]:
    """Read lines of class, two identifiers and two texts, apart by tabs."""
    number: dict[bytes, int] = {}
    pairs = {}
    csv.field_size_limit(1 << 30)
    for name, path in zip(PARTS, paths, strict=True):
        documents, classes = [], []
        with reading(path), path.open(encoding="utf-8", newline="") as file:
            for row in csv.reader(file, delimiter="\t"):
                label, _, _, first, second = row
                classes.append(int(float(label)))
                documents.append([number.setdefault(text.encode(), len(number)) for text in (first, second)])
        if not classes:
            raise CorruptDataError(path, "it holds no pair")
        pairs[name] = np.array(documents, np.int64), checked_classes(np.array(classes), 2, path)
    return ByteTexts.joined(list(number)), pairs
