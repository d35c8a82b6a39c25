"""CIFAR and Fashion-MNIST in each layout, from files made here; a damaged one is named."""

from __future__ import annotations

import gzip
import io
import pickle
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from bench.tasks.data import CorruptDataError, OptionError, TaskData, load
from bench.tasks.data.splits import drawn

TRAIN, TEST = 50, 20
Writer = Callable[[Path], tuple[np.ndarray, np.ndarray]]


def smooth_images(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Images that JPEG keeps to within a few grey levels, (N, 32, 32, 3), and their classes."""
    generator = np.random.default_rng(0)
    corners = generator.integers(40, 215, (count, 2, 1, 3))
    ramp = np.linspace(0, 1, 32)[None, :, None, None]
    rows = corners[:, :1] * (1 - ramp) + corners[:, 1:] * ramp
    return np.broadcast_to(rows, (count, 32, 32, 3)).astype(np.uint8), np.arange(count) % 10


def write_official(root: Path) -> tuple[np.ndarray, np.ndarray]:
    images, classes = smooth_images(TRAIN + TEST)
    folder = root / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    ends = [*range(0, TRAIN + 1, TRAIN // 5), TRAIN + TEST]
    names = [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]
    for name, start, stop in zip(names, ends[:-1], ends[1:], strict=True):
        planes = images[start:stop].transpose(0, 3, 1, 2).reshape(stop - start, 3072)
        content = {b"data": planes, b"labels": classes[start:stop].tolist()}
        (folder / name).write_bytes(pickle.dumps(content, protocol=2))
    return images, classes


def write_jpeg(root: Path) -> tuple[np.ndarray, np.ndarray]:
    images, classes = smooth_images(TRAIN + TEST)
    files = []
    for image in images:
        buffer = io.BytesIO()
        Image.fromarray(image).save(buffer, "JPEG", quality=95)
        files.append(buffer.getvalue())
    root.mkdir(parents=True, exist_ok=True)
    np.savez(
        root / "cifar10_jpeg.npz",
        data=np.frombuffer(b"".join(files), np.uint8),
        length=np.array([len(file) for file in files], np.int32),
        label=classes.astype(np.uint8),
        is_test=np.arange(TRAIN + TEST) >= TRAIN,
    )
    return images, classes


def write_idx(path: Path, values: np.ndarray) -> None:
    header = struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape)
    content = header + values.astype(np.uint8).tobytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


def write_fashion(root: Path, folder: str, suffix: str) -> tuple[np.ndarray, np.ndarray]:
    images = np.random.default_rng(0).integers(0, 256, (TRAIN + TEST, 28, 28), np.uint8)
    classes = np.arange(TRAIN + TEST) % 10
    for part, rows in (("train", slice(0, TRAIN)), ("t10k", slice(TRAIN, None))):
        write_idx(root / folder / f"{part}-images-idx3-ubyte{suffix}", images[rows])
        write_idx(root / folder / f"{part}-labels-idx1-ubyte{suffix}", classes[rows])
    return images, classes


def examples(data: TaskData, part: str) -> tuple[torch.Tensor, torch.Tensor]:
    items = [getattr(data, part)[i] for i in range(len(getattr(data, part)))]
    return torch.stack([x for x, _ in items]), torch.stack([y for _, y in items])


def cifar(root: Path, name: str = "scifar", **options: int) -> TaskData:
    return load(name, root=root, cache=root / "cache", seed=0, **{"valid_size": 10, **options})


@pytest.mark.parametrize(("write", "tolerance"), [(write_official, 0), (write_jpeg, 6)])
def test_cifar_pixels_come_back(write: Writer, tolerance: int, tmp_path: Path) -> None:
    images, classes = write(tmp_path)
    data = cifar(tmp_path)
    x, y = examples(data, "test")
    assert x.shape == (TEST, 1024, 3)
    assert (x.dtype, y.dtype) == (torch.float32, torch.int64)
    np.testing.assert_array_equal(y, classes[TRAIN:])
    written = images[:TRAIN].reshape(-1, 3).astype(np.float64)
    restored = x.numpy() * written.std(0) + written.mean(0)
    assert np.abs(restored - images[TRAIN:].reshape(TEST, 1024, 3)).max() <= tolerance + 0.5
    assert ("JPEG" in data.note) == (tolerance > 0)


def test_training_images_are_standardized_in_each_channel(tmp_path: Path) -> None:
    write_official(tmp_path)
    data = cifar(tmp_path)
    x = torch.cat([examples(data, "train")[0], examples(data, "valid")[0]])
    assert x.mean((0, 1)).abs().max() < 1e-4
    assert (x.std((0, 1), unbiased=False) - 1).abs().max() < 1e-4


def test_grey_is_the_luma(tmp_path: Path) -> None:
    images, _ = write_official(tmp_path)
    x, _ = examples(cifar(tmp_path, "image"), "test")
    luma = np.rint(images @ np.array([0.299, 0.587, 0.114])).reshape(-1, 1024)
    expected = (luma[TRAIN:] - luma[:TRAIN].mean()) / luma[:TRAIN].std()
    # A luma at a half may be rounded either way: one grey level.
    assert np.abs(x[..., 0].numpy() - expected).max() <= 1.01 / luma[:TRAIN].std()


def test_validation_is_cut_from_the_training_images(tmp_path: Path) -> None:
    write_official(tmp_path)
    whole, small = cifar(tmp_path), cifar(tmp_path, train_size=5, test_size=3)
    assert [len(whole.train), len(whole.valid), len(whole.test)] == [TRAIN - 10, 10, TEST]
    assert [len(small.train), len(small.valid), len(small.test)] == [5, 10, 3]
    rows = {tuple(x.flatten().tolist()) for part in ("train", "valid") for x in examples(whole, part)[0]}
    assert len(rows) == TRAIN
    assert torch.equal(examples(whole, "valid")[0], examples(small, "valid")[0])


def test_a_smaller_test_is_not_the_first_of_the_file() -> None:
    """A file sorted by class begins with one class alone."""
    assert np.array_equal(drawn(1000, 0, None, "test_size"), np.arange(1000))
    order = drawn(1000, 0, 200, "test_size")
    assert len(set(order.tolist())) == 200
    assert np.bincount(order // 100, minlength=10).min() >= 10
    assert np.array_equal(drawn(1000, 0, 50, "test_size"), order[:50])


def test_a_batch_is_its_items(tmp_path: Path) -> None:
    write_official(tmp_path)
    train = cifar(tmp_path).train
    batch = torch.utils.data.DataLoader(train, batch_size=4, sampler=[7, 0, 3, 39])
    x, y = next(iter(batch))
    for k, i in enumerate((7, 0, 3, 39)):
        assert torch.equal(x[k], train[i][0])
        assert torch.equal(y[k], train[i][1])
    assert torch.equal(train[-1][0], train[39][0])


@pytest.mark.parametrize("options", [{"train_size": 0}, {"train_size": 41}, {"valid_size": 50}, {"test_size": 21}])
def test_sizes_beyond_the_data_are_errors(options: dict[str, int], tmp_path: Path) -> None:
    write_official(tmp_path)
    with pytest.raises(OptionError, match=next(iter(options))):
        cifar(tmp_path, **options)


class Intruder:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("this must not run",)


WRONG_CLASS = pickle.dumps({b"data": np.zeros((1, 3072), np.uint8), b"labels": [10]})


@pytest.mark.parametrize("content", [b"", b"nonsense", pickle.dumps({b"data": 1}), WRONG_CLASS, pickle.dumps(Intruder())])
def test_a_damaged_batch_is_named_and_not_run(content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_official(tmp_path)
    (tmp_path / "cifar-10-batches-py/data_batch_3").write_bytes(content)
    with pytest.raises(CorruptDataError, match="data_batch_3"):
        cifar(tmp_path)
    assert "must not run" not in capsys.readouterr().out


def test_a_damaged_jpeg_file_is_named(tmp_path: Path) -> None:
    write_jpeg(tmp_path)
    path = tmp_path / "cifar10_jpeg.npz"
    arrays = dict(np.load(path))
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(CorruptDataError, match=r"cifar10_jpeg\.npz"):
        cifar(tmp_path)
    np.savez(path, **{**arrays, "length": arrays["length"] + 1})
    with pytest.raises(CorruptDataError, match="lengths do not add up"):
        cifar(tmp_path)
    for change in ({"label": arrays["label"] + 10}, {"is_test": arrays["is_test"][1:]}, {"is_test": arrays["label"]}):
        np.savez(path, **{**arrays, **change})
        with pytest.raises(CorruptDataError, match=r"cifar10_jpeg\.npz"):
            cifar(tmp_path)
    np.savez(path, **{**arrays, "data": np.zeros_like(arrays["data"])})
    with pytest.raises(CorruptDataError, match=r"cifar10_jpeg\.npz"):
        cifar(tmp_path)


@pytest.mark.parametrize(("folder", "suffix"), [("fashion-mnist", ".gz"), ("FashionMNIST/raw", ""), (".", ".gz")])
def test_fashion_pixels_come_back(folder: str, suffix: str, tmp_path: Path) -> None:
    images, classes = write_fashion(tmp_path, folder, suffix)
    data = load("fashion", root=tmp_path, cache=tmp_path, seed=0, valid_size=10)
    x, y = examples(data, "test")
    assert x.shape == (TEST, 784, 1)
    np.testing.assert_array_equal(y, classes[TRAIN:])
    restored = x.numpy() * images[:TRAIN].std() + images[:TRAIN].mean()
    np.testing.assert_allclose(restored.reshape(TEST, 28, 28), images[TRAIN:], atol=1e-2)


@pytest.mark.parametrize("content", [b"", gzip.compress(b"\0\0\x0d\x01\0\0\0\0"), gzip.compress(b"\0\0\x08\x01\0\0\0\x09")])
def test_a_damaged_idx_file_is_named(content: bytes, tmp_path: Path) -> None:
    write_fashion(tmp_path, "fashion-mnist", ".gz")
    (tmp_path / "fashion-mnist/t10k-labels-idx1-ubyte.gz").write_bytes(content)
    with pytest.raises(CorruptDataError, match=r"t10k-(labels|images)-idx"):
        load("fashion", root=tmp_path, cache=tmp_path, seed=0)
