"""Language models: the next token of a text, in bytes or in byte pairs learned from its training part."""

from __future__ import annotations

import bz2
import codecs
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import torch

from bench.tasks.data.base import Item, Request, TaskData
from bench.tasks.data.cache import cached
from bench.tasks.data.errors import CorruptDataError, MissingDataError, OptionError
from bench.tasks.data.files import Layout, locate, package_folder, reading
from bench.tasks.data.tokens import checked_length

_WIKI = ("wiki.train.tokens", "wiki.valid.tokens", "wiki.test.tokens")
_LAYOUTS = {
    "wikitext2": (
        Layout("official", tuple(f"wikitext-2/{file}" for file in _WIKI)),
        Layout("without its training file", ("wikitext2_valid.txt", "wikitext2_test.txt")),
    ),
    "wikitext103": (Layout("official", tuple(f"wikitext-103/{file}" for file in _WIKI)),),
}
_DUMP = "enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2"
_ADVICE = "get it from huggingface.co/datasets/Salesforce/wikitext, or name any text file as the corpus"


@dataclass(frozen=True)
class Corpus:
    """The bytes of the three parts of a text, and where they are from."""

    parts: Mapping[str, bytes]
    source: str
    note: str = ""

    def limited(self, sizes: Mapping[str, int | None]) -> Corpus:
        """Return the corpus with the first `sizes` bytes of each part, all of them for None."""
        for part, size in sizes.items():
            if size is not None and not 1 <= size <= len(self.parts[part]):
                raise OptionError(f"{part}_size", size, f"1 to {len(self.parts[part])} bytes, or None for all")
        return replace(self, parts={part: text[: sizes[part]] for part, text in self.parts.items()})


class Windows(torch.utils.data.Dataset[Item]):
    """Windows of one stream of tokens: x its tokens at [i·stride, i·stride + L), y those one further on.

    With a stride of L each token but the first is predicted once, less the end that fills no window.
    """

    def __init__(self, stream: np.ndarray, length: int, stride: int, part: str) -> None:
        if len(stream) <= length:
            raise OptionError("length", length, f"less than the {len(stream)} tokens of the {part} part")
        if stride < 1:
            raise OptionError("stride", stride, "1 and more")
        self._stream = torch.from_numpy(stream)
        self._length, self._stride = length, stride

    def __len__(self) -> int:
        return (len(self._stream) - 1 - self._length) // self._stride + 1

    def __getitem__(self, index: int) -> Item:
        start = range(len(self))[index] * self._stride
        window = self._stream[start : start + self._length + 1].to(torch.int64)
        return window[:-1], window[1:]


def load(
    request: Request,
    *,
    corpus: str = "wikitext2",
    tokens: str = "byte",
    vocabulary: int = 8192,
    length: int = 1024,
    stride: int | None = None,
    train_size: int | None = None,
    valid_size: int | None = None,
    test_size: int | None = None,
) -> TaskData:
    """Text: x `length` tokens, y the same one token on.

    `corpus` is "wikitext2", "wikitext103", "wikipedia" (106 articles in wiki markup that the package gensim carries) or a
    text file, by its path or by its name in the data directory; the last two are cut into 90, 5 and 5 hundredths.
    `tokens` is "byte" (a vocabulary of 256) or "bpe": byte pairs learned from the training part, at most `vocabulary` of
    them. `stride` is between training windows, `length` for None; the windows of the other parts do not overlap. The sizes
    count bytes from the start of a part.
    """
    checked_length(length)
    text = read(request.root, corpus).limited({"train": train_size, "valid": valid_size, "test": test_size})
    if tokens == "byte":
        vocabulary = 256
        streams = {part: np.frombuffer(bytearray(content), np.uint8) for part, content in text.parts.items()}
    elif tokens == "bpe":
        streams, vocabulary = _byte_pairs(request.cache, text, vocabulary)
    else:
        raise OptionError("tokens", tokens, "byte, bpe")
    strides = {"train": length if stride is None else stride, "valid": length, "test": length}
    windows = {part: Windows(stream, length, strides[part], part) for part, stream in streams.items()}
    return TaskData(
        name=request.name,
        **windows,
        kind="language_model",
        vocabulary=vocabulary,
        channels=None,
        classes=vocabulary,
        length=length,
        source=text.source,
        note=text.note,
        bytes_per_token=len(text.parts["test"]) / len(streams["test"]),
    )


def read(root: Path | None, corpus: str) -> Corpus:
    """Return the text that `load` takes for `corpus`."""
    if corpus == "wikipedia":
        return _read_dump(root)
    if corpus not in _LAYOUTS:
        return _read_file(root, corpus)
    layout, paths = locate(corpus, root, _LAYOUTS[corpus], _ADVICE)
    contents = [_content(path) for path in paths]
    source = f"{corpus} (Merity et al. 2016), text of Wikipedia, CC BY-SA"
    if layout == "official":
        return Corpus(dict(zip(("train", "valid", "test"), contents, strict=True)), source)
    valid, test = contents
    cut = len(valid) * 9 // 10
    parts = {"train": valid[:cut], "valid": valid[cut:], "test": test}
    return Corpus(parts, source, "the training file is not there: trained on nine tenths of the validation file")


def _read_file(root: Path | None, corpus: str) -> Corpus:
    tried = [path for path in (root / corpus if root is not None else None, Path(corpus)) if path is not None]
    path = next((path for path in tried if path.is_file()), None)
    if path is None:
        advice = f"name a text file, or one of {', '.join(_LAYOUTS)}, wikipedia"
        raise MissingDataError(f"corpus {corpus!r}", where=root, tried=map(str, tried), advice=advice)
    return _cut(_content(path), f"{path.name}, the user's own file")


def _read_dump(root: Path | None) -> Corpus:
    """Read the articles of a MediaWiki export, in its order, as they are written there."""
    carried = package_folder("gensim")
    folders = [root] if root is not None else []
    folders += [carried / "test/test_data"] if carried is not None else []
    path = next((folder / _DUMP for folder in folders if (folder / _DUMP).is_file()), None)
    if path is None:
        advice = "install the package gensim (pip install --no-deps gensim), which carries it"
        raise MissingDataError("corpus wikipedia", where=root, tried=[_DUMP], advice=advice)
    with reading(path), bz2.open(path) as file:
        elements = (element for _, element in ElementTree.iterparse(file))
        articles = [element.text or "" for element in elements if element.tag.rpartition("}")[2] == "text"]
    if not any(articles):
        raise CorruptDataError(path, "it holds no article")
    return _cut("\n".join(articles).encode(), "106 articles of Wikipedia in wiki markup, carried by gensim, CC BY-SA")


def _cut(text: bytes, source: str) -> Corpus:
    first, second = len(text) * 90 // 100, len(text) * 95 // 100
    parts = {"train": text[:first], "valid": text[first:second], "test": text[second:]}
    return Corpus(parts, source, "90, 5 and 5 hundredths of one text, in its order")


def _content(path: Path) -> bytes:
    with reading(path):
        content = path.read_bytes()
    if not content:
        raise CorruptDataError(path, "it is empty")
    return content


def _byte_pairs(cache: Path, text: Corpus, vocabulary: int) -> tuple[dict[str, np.ndarray], int]:
    """Return the three parts in byte pairs that are learned from the first, and how many there are."""
    if vocabulary < 256:
        raise OptionError("vocabulary", vocabulary, "256 and more, since every byte is a token")

    def build(folder: Path) -> None:
        from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

        texts = {part: _characters(content) for part, content in text.parts.items()}
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        trainer = trainers.BpeTrainer(vocab_size=vocabulary, initial_alphabet=alphabet, show_progress=False)
        tokenizer.train_from_iterator(texts["train"].splitlines(keepends=True), trainer)
        for part, content in texts.items():
            encoded = tokenizer.encode_batch(content.splitlines(keepends=True))
            np.save(folder / f"{part}.npy", np.concatenate([np.array(line.ids, np.int32) for line in encoded]))
        np.save(folder / "vocabulary.npy", np.array(tokenizer.get_vocab_size()))
        np.save(folder / "tokenizer.npy", np.frombuffer(tokenizer.to_str().encode(), np.uint8))

    digests = {part: hashlib.sha256(content).hexdigest() for part, content in text.parts.items()}
    arrays = cached(cache, "byte_pairs", {"version": 1, "vocabulary": vocabulary, "text": digests}, build)
    return {part: arrays[part] for part in text.parts}, int(arrays["vocabulary"])


def _characters(content: bytes) -> str:
    """Decode UTF-8; of a character that a cut went through, at either end, what is left is dropped."""
    start = next((i for i in range(min(4, len(content))) if content[i] & 0xC0 != 0x80), 0)
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(content[start:])
    except UnicodeDecodeError as error:
        place = start + error.start
        raise OptionError("tokens", "bpe", f"byte for a text that is not UTF-8, see its byte {place}") from error
