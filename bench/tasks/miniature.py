"""Miniatures of the data files, of random content: enough for the smoke presets where the real files are not there."""

from __future__ import annotations

import gzip
import io
import json
import struct
from pathlib import Path

import numpy as np

_WORDS = "the of a film was good bad convolution is butterfly and long time see also returns error file system"


def write(folder: Path) -> Path:
    """Write a file of each kind that the tasks read, in the layouts that their loaders take, and return the folder."""
    random = np.random.default_rng(0)
    _cifar(folder, random)
    _imdb(folder, random)
    _manual(folder, random)
    _text(folder, random)
    _fashion(folder, random)
    _brains(folder, random)
    _series(folder, random)
    return folder


def _sentence(random: np.random.Generator, words: int) -> str:
    return " ".join(random.choice(_WORDS.split(), words))


def _cifar(folder: Path, random: np.random.Generator) -> None:
    from PIL import Image

    images = []
    for _ in range(120):
        file = io.BytesIO()
        Image.fromarray(random.integers(0, 256, (32, 32, 3), np.uint8)).save(file, "JPEG")
        images.append(np.frombuffer(file.getvalue(), np.uint8))
    is_test = np.arange(120) >= 100
    np.savez(
        folder / "cifar10_jpeg.npz",
        data=np.concatenate(images),
        length=np.array([len(image) for image in images]),
        label=np.arange(120) % 10,
        is_test=is_test,
    )


def _imdb(folder: Path, random: np.random.Generator) -> None:
    for part in ("train", "test"):
        texts = [f"{part} {number} {_sentence(random, 40)}".encode() for number in range(120)]
        np.savez(
            folder / f"imdb_{part}.npz",
            data=np.frombuffer(b"".join(texts), np.uint8),
            length=np.array([len(text) for text in texts]),
            label=(np.arange(120) % 2).astype(np.uint8),
        )


def _manual(folder: Path, random: np.random.Generator) -> None:
    pages = 600
    content = {
        "names": [f"page{number}" for number in range(pages)],
        "text": [_sentence(random, 30) for _ in range(pages)],
        "pairs": [[number, (number + step) % pages] for number in range(pages) for step in (1, 2)],
    }
    with gzip.open(folder / "manpages_links.json.gz", "wt", encoding="utf-8") as file:
        json.dump(content, file)


def _text(folder: Path, random: np.random.Generator) -> None:
    for part in ("valid", "test"):
        (folder / f"wikitext2_{part}.txt").write_text(_sentence(random, 4000), encoding="utf-8")


def _fashion(folder: Path, random: np.random.Generator) -> None:
    (folder / "fashion-mnist").mkdir()
    for part, count in (("train", 100), ("t10k", 20)):
        images = struct.pack(">4I", 0x803, count, 28, 28) + random.integers(0, 256, (count, 784), np.uint8).tobytes()
        labels = struct.pack(">2I", 0x801, count) + (np.arange(count) % 10).astype(np.uint8).tobytes()
        for name, content in (("images-idx3", images), ("labels-idx1", labels)):
            with gzip.open(folder / "fashion-mnist" / f"{part}-{name}-ubyte.gz", "wb") as file:
                file.write(content)


def _brains(folder: Path, random: np.random.Generator) -> None:
    from scipy.io import savemat

    for subject in range(4):
        functional = folder / "hcp/subjects" / f"{subject:06}" / "functional"
        functional.mkdir(parents=True)
        savemat(functional / "TC_rsfMRI_REST1_LR.mat", {"tc": random.standard_normal((94, 1200)).cumsum(1)})


def _series(folder: Path, random: np.random.Generator) -> None:
    (folder / "PigCVP").mkdir()
    for part in ("TRAIN", "TEST"):
        rows = np.column_stack([np.arange(24) % 4 + 1, random.standard_normal((24, 2000))])
        np.savetxt(folder / "PigCVP" / f"PigCVP_{part}.txt", rows, fmt="%.5g")
