"""IMDB, retrieval and language models in each layout, from files made here; a damaged one is named."""

from __future__ import annotations

import bz2
import gzip
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from bench.tasks.data import CorruptDataError, MissingDataError, OptionError, TaskData, load
from bench.tasks.data.retrieval import divided, with_negatives
from bench.tasks.data.tokens import ByteTexts, TextExamples

Reviews = list[tuple[str, int]]


def reviews(part: str, count: int = 30) -> Reviews:
    return [(f"{part} review {i} was {'good, é' if i % 2 else 'bad'}", i % 2) for i in range(count)]


def write_imdb_npz(root: Path, training: Reviews, tested: Reviews) -> None:
    for part, rows in (("train", training), ("test", tested)):
        texts = [text.encode() for text, _ in rows]
        np.savez(
            root / f"imdb_{part}.npz",
            data=np.frombuffer(b"".join(texts), np.uint8),
            length=np.array([len(text) for text in texts], np.int32),
            label=np.array([label for _, label in rows], np.uint8),
        )


def write_imdb_folders(root: Path, training: Reviews, tested: Reviews) -> None:
    for part, rows in (("train", training), ("test", tested)):
        for i, (text, label) in enumerate(rows):
            path = root / "aclImdb" / part / ("neg", "pos")[label] / f"{i}_7.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")


def imdb(root: Path, **options: int) -> TaskData:
    return load("text", root=root, cache=root / "cache", seed=0, **{"valid_size": 5, "length": 40, **options})


def text_of(x: torch.Tensor) -> str:
    return bytes(int(token) - 1 for token in x if token).decode("utf-8", "replace")


@pytest.mark.parametrize("write", [write_imdb_npz, write_imdb_folders])
def test_reviews_come_back_as_bytes(write: Callable[[Path, Reviews, Reviews], None], tmp_path: Path) -> None:
    write(tmp_path, reviews("first"), reviews("second"))
    data = imdb(tmp_path)
    assert (data.kind, data.vocabulary, data.classes, data.padding_token) == ("classification", 257, 2, 0)
    found = {(text_of(x), int(y)) for x, y in (data.test[i] for i in range(len(data.test)))}
    assert found == set(reviews("second"))
    training = [part[i] for part in (data.train, data.valid) for i in range(len(part))]
    assert {(text_of(x), int(y)) for x, y in training} == set(reviews("first"))
    assert all(x.shape == (40,) and x.dtype == torch.int64 for x, _ in training)


def test_a_longer_text_is_cut_and_a_shorter_one_padded() -> None:
    texts = ByteTexts.joined([b"abcdef", b"xy", b""])
    rows = texts.rows(torch.arange(3), 4)
    assert rows.tolist() == [[98, 99, 100, 101], [121, 122, 0, 0], [0, 0, 0, 0]]
    assert [texts[i] for i in range(3)] == [b"abcdef", b"xy", b""]
    pairs = TextExamples(texts, np.array([[0, 1], [1, 2]]), np.array([1, 0]), 4)
    assert pairs[1][0].tolist() == [[121, 122, 0, 0], [0, 0, 0, 0]]
    assert torch.equal(pairs.__getitems__([1, 0])[1][0], pairs[0][0])
    assert pairs.texts(0) == [b"abcdef", b"xy"]


def test_training_texts_that_the_test_holds_are_left_out(tmp_path: Path) -> None:
    write_imdb_npz(tmp_path, reviews("first") + reviews("second", 4), reviews("second"))
    data = imdb(tmp_path)
    assert len(data.train) + len(data.valid) == 30
    assert data.note.startswith("4 training texts")


def test_a_small_test_holds_both_classes(tmp_path: Path) -> None:
    write_imdb_folders(tmp_path, reviews("first"), reviews("second"))
    data = imdb(tmp_path, test_size=12)
    assert {int(data.test[i][1]) for i in range(12)} == {0, 1}


def test_damaged_reviews_are_named(tmp_path: Path) -> None:
    write_imdb_npz(tmp_path, reviews("first"), reviews("second"))
    arrays = dict(np.load(tmp_path / "imdb_test.npz"))
    changes: list[dict[str, np.ndarray]] = [
        {"length": arrays["length"][:-1]},
        {"label": arrays["label"][:-1]},
        {"label": arrays["label"] + 1},
        {"label": arrays["label"].astype(float)},
        {"data": arrays["data"][1:]},
    ]
    for change in changes:
        np.savez(tmp_path / "imdb_test.npz", **{**arrays, **change})
        with pytest.raises(CorruptDataError, match=r"imdb_test\.npz"):
            imdb(tmp_path)
    (tmp_path / "imdb_test.npz").write_bytes(b"PK")
    with pytest.raises(CorruptDataError, match=r"imdb_test\.npz"):
        imdb(tmp_path)


def test_an_empty_folder_of_reviews_is_named(tmp_path: Path) -> None:
    write_imdb_folders(tmp_path, reviews("first"), reviews("second"))
    for path in (tmp_path / "aclImdb/test/pos").iterdir():
        path.unlink()
    with pytest.raises(CorruptDataError, match="pos"):
        imdb(tmp_path)


def write_pages(root: Path, count: int = 400) -> list[list[int]]:
    """A ring of documents, each linked with the next two."""
    pairs = [[i, (i + step) % count] for i in range(count) for step in (1, 2)]
    content = {"names": [str(i) for i in range(count)], "text": [f"page {i}" for i in range(count)], "pairs": pairs}
    (root / "manpages_links.json.gz").write_bytes(gzip.compress(json.dumps(content).encode()))
    return pairs


def retrieval(root: Path, seed: int = 0, **options: int) -> TaskData:
    return load("retrieval", root=root, cache=root / "cache", seed=seed, **{"length": 16, **options})


def pages_of(data: TaskData, part: str) -> list[tuple[int, int, int]]:
    examples = getattr(data, part)
    rows = [examples[i] for i in range(len(examples))]
    return [(*(int(text_of(x).split()[1]) for x in pair), int(y)) for pair, y in rows]


def test_links_are_the_positive_pairs_and_no_document_is_in_two_parts(tmp_path: Path) -> None:
    links = {tuple(sorted(pair)) for pair in write_pages(tmp_path)}
    data = retrieval(tmp_path)
    parts = {part: pages_of(data, part) for part in ("train", "valid", "test")}
    for rows in parts.values():
        assert all(((min(a, b), max(a, b)) in links) == bool(y) for a, b, y in rows)
        assert sum(y for *_, y in rows) * 2 == len(rows)
        assert len({(min(a, b), max(a, b)) for a, b, _ in rows}) == len(rows)
    documents = [{d for a, b, _ in rows for d in (a, b)} for rows in parts.values()]
    assert not documents[0] & documents[1]
    assert not documents[0] & documents[2]
    assert not documents[1] & documents[2]
    assert pages_of(retrieval(tmp_path), "test") == parts["test"]
    assert pages_of(retrieval(tmp_path, seed=1), "test") != parts["test"]


def test_blocks_lose_few_links() -> None:
    links = np.array([[i, (i + step) % 400] for i in range(400) for step in (1, 2)])
    part = divided(links, 410, seed=0)
    assert (part[400:] == -1).all()
    kept = (part[links[:, 0]] == part[links[:, 1]]).mean()
    by_chance = sum((part[:400] == p).mean() ** 2 for p in range(3))
    assert kept > 0.8 > by_chance + 0.2


def test_a_document_with_many_links_is_in_many_pairs_without_one() -> None:
    links = np.array([[0, i] for i in range(1, 60)] + [[i, i + 1] for i in range(60, 400)])
    known = set(map(tuple, links.tolist()))
    documents, classes = with_negatives(links, known, np.random.default_rng(0))
    assert classes.mean() == 0.5
    # Document 0 has links with 59; what is left without a link is in as many pairs as chance allows.
    without = documents[classes == 0]
    assert (without == 0).sum() > 30
    assert not {tuple(sorted(pair)) for pair in without.tolist()} & known


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no gzip",
        gzip.compress(b"{"),
        gzip.compress(b'{"text": ["a"]}'),
        gzip.compress(b'{"text": ["a", 2], "pairs": [[0, 1]]}'),
        gzip.compress(b'{"text": ["a", "b"], "pairs": [[0, 2]]}'),
        gzip.compress(b'{"text": ["a", "b"], "pairs": [[0, 1]]}'),
        gzip.compress(b'{"text": ["a", "b"], "pairs": []}'),
    ],
)
def test_damaged_pages_are_named(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "manpages_links.json.gz").write_bytes(content)
    with pytest.raises(CorruptDataError, match=r"manpages_links\.json\.gz"):
        retrieval(tmp_path)


@pytest.mark.parametrize("folder", [".", "tsv_data", "lra_release/lra_release/tsv_data"])
def test_aan_comes_in_its_own_parts(folder: str, tmp_path: Path) -> None:
    (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    for part, count in (("train", 6), ("eval", 4), ("test", 2)):
        lines = [f'{i % 2}.0\tid{i}\tid{i + 1}\t"page {i}, of ""{part}"""\tpage {i + 1}\n' for i in range(count)]
        (tmp_path / folder / f"new_aan_pairs.{part}.tsv").write_text("".join(lines))
    data = retrieval(tmp_path, length=30)
    assert [len(data.train), len(data.valid), len(data.test)] == [6, 4, 2]
    assert [int(data.valid[i][1]) for i in range(4)] == [0, 1, 0, 1]
    assert text_of(data.valid[1][0][0]) == 'page 1, of "eval"'
    assert "ACL Anthology" in data.source
    wrong_class = (b"yes\ta\tb\tc\td\n", b"2.0\ta\tb\tc\td\n")
    for damaged in (b"1.0\tonly\n", b"", *wrong_class, b"1.0\ta\tb\t\xff\td\n", b"1.0\ta\tb\tc\rd\te\n"):
        (tmp_path / folder / "new_aan_pairs.eval.tsv").write_bytes(damaged)
        with pytest.raises(CorruptDataError, match=r"new_aan_pairs\.eval\.tsv"):
            retrieval(tmp_path)


def test_fewer_pairs_are_drawn_from_the_whole_file(tmp_path: Path) -> None:
    """Those of one class may come first in a file."""
    for part in ("train", "eval", "test"):
        lines = [f"{i // 100}.0\tid{i}\tid\tpage {i}\tpage {i}\n" for i in range(200)]
        (tmp_path / f"new_aan_pairs.{part}.tsv").write_text("".join(lines))
    data = retrieval(tmp_path, train_size=50, valid_size=50, test_size=50)
    for part in (data.train, data.valid, data.test):
        assert len(part) == 50
        assert 10 <= sum(int(part[i][1]) for i in range(50)) <= 40


def language(root: Path | None, cache: Path, **options: object) -> TaskData:
    return load("lm", root=root, cache=cache, seed=0, **{"length": 8, **options})


def stream_of(data: TaskData, part: str) -> list[int]:
    """Tokens of windows that do not overlap, with the last target."""
    windows = [getattr(data, part)[i] for i in range(len(getattr(data, part)))]
    return [int(t) for x, _ in windows for t in x] + [int(windows[-1][1][-1])]


def test_bytes_of_wikitext_come_back_shifted_by_one(tmp_path: Path) -> None:
    folder = tmp_path / "wikitext-2"
    folder.mkdir()
    for part in ("train", "valid", "test"):
        (folder / f"wiki.{part}.tokens").write_text(f"the {part} text, which says little " * 9)
    data = language(tmp_path, tmp_path)
    assert (data.kind, data.vocabulary, data.classes, data.bytes_per_token) == ("language_model", 256, 256, 1.0)
    for part in ("train", "valid", "test"):
        assert bytes(stream_of(data, part)) in (f"the {part} text, which says little " * 9).encode()
    x, y = data.train[3]
    assert x.shape == y.shape == (8,)
    assert torch.equal(x[1:], y[:-1])
    assert len(data.train) == (len("the train text, which says little ") * 9 - 1) // 8


def test_without_its_training_file_wikitext_says_so(tmp_path: Path) -> None:
    (tmp_path / "wikitext2_valid.txt").write_bytes(bytes(range(100)))
    (tmp_path / "wikitext2_test.txt").write_bytes(bytes(range(100, 140)))
    data = language(tmp_path, tmp_path)
    assert stream_of(data, "train") == list(range(89))
    assert stream_of(data, "valid")[0] == 90
    assert stream_of(data, "test")[0] == 100
    assert "training file is not there" in data.note


def test_any_file_is_a_corpus(tmp_path: Path) -> None:
    text = "".join(f"line {i}: é\n" for i in range(500))
    (tmp_path / "my.txt").write_text(text, encoding="utf-8")
    inside = language(tmp_path, tmp_path, corpus="my.txt")
    outside = language(None, tmp_path, corpus=str(tmp_path / "my.txt"))
    whole = text.encode()
    for data in (inside, outside):
        assert bytes(stream_of(data, "train")) == whole[: 8 * len(data.train) + 1]
        assert bytes(stream_of(data, "test"))[:8] == whole[len(whole) * 95 // 100 :][:8]
        assert "my.txt" in data.source
    with pytest.raises(MissingDataError, match=r"other\.txt"):
        language(tmp_path, tmp_path, corpus="other.txt")
    (tmp_path / "empty.txt").touch()
    with pytest.raises(CorruptDataError, match=r"empty\.txt"):
        language(tmp_path, tmp_path, corpus="empty.txt")


def test_articles_of_a_dump_are_a_corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.tasks.data.language.package_folder", lambda package: tmp_path / "package")
    with pytest.raises(MissingDataError, match="gensim"):
        language(tmp_path, tmp_path, corpus="wikipedia")
    articles = [f"''Article'' {i} says a &lt;b&gt; and é." for i in range(40)]
    pages = "".join(f"<page><title>{i}</title><revision><text>{a}</text></revision></page>" for i, a in enumerate(articles))
    content = f'<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.10/">{pages}</mediawiki>'.encode()
    name = "enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2"
    whole = "\n".join(articles).replace("&lt;", "<").replace("&gt;", ">").encode()
    for folder in (tmp_path / "package/test/test_data", tmp_path):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(bz2.compress(content))
        data = language(tmp_path, tmp_path, corpus="wikipedia")
        assert bytes(stream_of(data, "train")) in whole
        assert bytes(stream_of(data, "test"))[:8] == whole[len(whole) * 95 // 100 :][:8]
    for damaged in (b"", b"no bz2", bz2.compress(content[:-9]), bz2.compress(b"<mediawiki/>"), bz2.compress(content)[:-9]):
        (tmp_path / name).write_bytes(damaged)
        with pytest.raises(CorruptDataError, match="enwiki"):
            language(tmp_path, tmp_path, corpus="wikipedia")


def test_byte_pairs_hold_the_text_in_fewer_tokens(tmp_path: Path) -> None:
    text = "the long convolution of a long signal, with a long filter é\n" * 200
    (tmp_path / "my.txt").write_text(text, encoding="utf-8")
    data = language(tmp_path, tmp_path / "cache", corpus="my.txt", tokens="bpe", vocabulary=300)
    assert 256 <= (data.vocabulary or 0) <= 300
    assert data.bytes_per_token is not None
    assert data.bytes_per_token > 3
    from tokenizers import Tokenizer

    (folder,) = (tmp_path / "cache").glob("byte_pairs-*")
    tokenizer = Tokenizer.from_str(np.load(folder / "tokenizer.npy").tobytes().decode())
    assert tokenizer.decode(stream_of(data, "train")) in text
    again = language(tmp_path, tmp_path / "other", corpus="my.txt", tokens="bpe", vocabulary=300)
    assert stream_of(again, "test") == stream_of(data, "test")


def test_strides_and_sizes_choose_windows(tmp_path: Path) -> None:
    (tmp_path / "my.txt").write_bytes(bytes(i % 251 for i in range(1000)))
    data = language(tmp_path, tmp_path, corpus="my.txt", stride=3, train_size=30, test_size=20)
    assert len(data.train) == (30 - 1 - 8) // 3 + 1
    assert data.train[1][0][0] == 3
    assert len(data.test) == 2
    bad = ({"stride": -1}, {"stride": 0}, {"train_size": 901}, {"length": 60}, {"tokens": "word"})
    for options in (*bad, {"tokens": "bpe", "vocabulary": 9}):
        with pytest.raises(OptionError, match=list(options)[-1]):
            language(tmp_path, tmp_path, corpus="my.txt", **options)


def test_whatever_a_reader_raises_on_a_damaged_archive_names_it(tmp_path: Path) -> None:
    """Bytes of the archive are changed one by one; NumPy and zipfile raise errors of many kinds, or read what was meant."""
    write_imdb_npz(tmp_path, reviews("first"), reviews("second"))
    path = tmp_path / "imdb_test.npz"
    whole = path.read_bytes()
    named = 0
    for place in range(0, len(whole), 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        try:
            imdb(tmp_path)
        except CorruptDataError as error:
            named += "imdb_test.npz" in str(error)
    assert named > 20


def test_byte_pairs_lose_nothing_but_characters_that_are_cut(tmp_path: Path) -> None:
    """The parts of a text are cut at bytes; each character of this one has three."""
    (tmp_path / "my.txt").write_text("日本語の文。\n" * 60, encoding="utf-8")
    data = language(tmp_path, tmp_path / "cache", corpus="my.txt", tokens="bpe", vocabulary=300, length=8)
    assert len(data.test) > 0
    (tmp_path / "my.txt").write_bytes("日本語の文。\n".encode() * 30 + b"\xff" + b"a" * 600)
    with pytest.raises(OptionError, match="not UTF-8, see its byte 570"):
        language(tmp_path, tmp_path / "cache", corpus="my.txt", tokens="bpe", vocabulary=300, length=8)
    assert language(tmp_path, tmp_path / "cache", corpus="my.txt", tokens="byte", length=8).vocabulary == 256
