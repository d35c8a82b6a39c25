"""``longwing convolve``: sample formats, channels, loudness, and files that are not what they seem."""

from __future__ import annotations

import struct
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from longwing import cli

wavfile = pytest.importorskip("scipy.io.wavfile", reason="scipy is not installed")

RATE = 8000
BITS = {"pcm8": 8, "pcm16": 16, "pcm24": 24, "pcm32": 32}


def sound(channels: int, frames: int = 2000, peak: float = 0.5, seed: int = 0) -> Any:
    samples = np.random.default_rng(seed).standard_normal((channels, frames))
    return samples * (peak / np.abs(samples).max())


def write_pcm(path: Path, numbers: Any, bits: int) -> None:
    """numbers (channels, frames): signed, as the format holds them."""
    raw = numbers.T.astype("<i8") + (128 if bits == 8 else 0)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(numbers.shape[0])
        file.setsampwidth(bits // 8)
        file.setframerate(RATE)
        file.writeframes(np.ascontiguousarray(raw.reshape(-1, 1).view("u1")[:, : bits // 8]).tobytes())


def read_pcm(path: Path) -> tuple[Any, int]:
    """Signed numbers (channels, frames) and bits."""
    with wave.open(str(path), "rb") as file:
        size, channels = file.getsampwidth(), file.getnchannels()
        raw = np.frombuffer(file.readframes(file.getnframes()), "u1").reshape(-1, size)
    wide = np.zeros((len(raw), 4), "u1")
    wide[:, 4 - size :] = raw if size > 1 else raw ^ 128
    return (wide.view("<i4")[:, 0] >> (32 - 8 * size)).reshape(-1, channels).T, 8 * size


class Folder:
    def __init__(self, path: Path, capsys: Any) -> None:
        self.path, self.capsys = path, capsys

    def write(self, name: str, samples: Any, sample_format: str = "float32") -> Any:
        """Write samples (channels, frames) and return them as the file holds them."""
        path = self.path / name
        if sample_format.startswith("float"):
            wavfile.write(path, RATE, samples.T.astype(sample_format))
            return samples.astype(sample_format).astype("float64")
        full = 2.0 ** (BITS[sample_format] - 1)
        numbers = np.rint(samples * full).clip(-full, full - 1)
        write_pcm(path, numbers, BITS[sample_format])
        return numbers / full

    def convolve(self, *options: str, expect: int = 0) -> str:
        """What `longwing convolve in.wav filter.wav -o out.wav` and options said."""
        names = [str(self.path / name) for name in ("in.wav", "filter.wav")]
        code = cli.main(["convolve", *names, "-o", str(self.path / "out.wav"), *options])
        said = self.capsys.readouterr()
        assert code == expect, said.err
        if code:
            assert said.out == ""
            assert said.err.startswith("longwing: ")
            assert said.err.count("\n") == 1
            assert not list(self.path.glob("*.part"))
        return str(said.out + said.err)

    def result(self) -> Any:
        _, data = wavfile.read(self.path / "out.wav")
        return data.reshape(len(data), -1).T


@pytest.fixture
def folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Folder:
    return Folder(tmp_path, capsys)


def full(u: Any, k: Any) -> Any:
    k = np.broadcast_to(k, (u.shape[0], k.shape[1]))
    return np.stack([np.convolve(a, b) for a, b in zip(u, k, strict=True)])


@pytest.mark.parametrize("channels", [1, 2, 5])
@pytest.mark.parametrize("sample_format", ["pcm8", "pcm16", "pcm24", "pcm32", "float32", "float64"])
def test_every_format_is_read_at_full_scale_one(folder: Folder, sample_format: str, channels: int) -> None:
    u = folder.write("in.wav", sound(channels), sample_format)
    k = folder.write("filter.wav", sound(1, 50, seed=1), sample_format)
    folder.convolve("--format", "float64")
    y = folder.result()
    assert y.dtype == np.float64
    np.testing.assert_allclose(y, full(u, k), rtol=0, atol=1e-12)


@pytest.mark.parametrize("sample_format", ["pcm8", "pcm16", "pcm24", "pcm32"])
def test_pcm_is_rounded_to_nearest(folder: Folder, sample_format: str) -> None:
    u = folder.write("in.wav", sound(2), "float64")
    k = folder.write("filter.wav", sound(2, 9, peak=0.1, seed=1), "float64")
    folder.convolve("--format", sample_format)
    numbers, bits = read_pcm(folder.path / "out.wav")
    assert bits == BITS[sample_format]
    exact = full(u, k) * 2.0 ** (bits - 1)
    assert np.abs(numbers - exact).max() <= 0.5 + 1e-3


def test_the_extremes_of_pcm16_come_back(folder: Folder) -> None:
    folder.write("in.wav", np.array([[-1.0, 32767 / 32768, 0, 1 / 32768, -1 / 32768]]), "pcm16")
    folder.write("filter.wav", np.array([[1.0]]))
    folder.convolve("--format", "pcm16")
    assert read_pcm(folder.path / "out.wav")[0].tolist() == [[-32768, 32767, 0, 1, -1]]


@pytest.mark.parametrize("sample_format", ["pcm8", "pcm16", "pcm24", "pcm32"])
def test_a_result_that_would_clip_is_refused(folder: Folder, sample_format: str) -> None:
    folder.write("in.wav", sound(1, peak=0.9))
    folder.write("filter.wav", np.array([[2.0]]))
    said = folder.convolve("--format", sample_format, expect=2)
    assert "+5.1 dB" in said
    assert "--normalize" in said
    assert not (folder.path / "out.wav").exists()


@pytest.mark.parametrize("sample_format", ["pcm16", "pcm24", "float32"])
def test_normalize_puts_the_peak_at_full_scale(folder: Folder, sample_format: str) -> None:
    u, k = folder.write("in.wav", sound(2, peak=0.9)), folder.write("filter.wav", sound(1, 30, peak=1, seed=1))
    folder.convolve("--format", sample_format, "--normalize")
    expected = full(u, k)
    if sample_format == "float32":
        y, largest = folder.result(), 1.0
    else:
        y, bits = read_pcm(folder.path / "out.wav")
        largest = 2 ** (bits - 1) - 1
    assert abs(np.abs(y).max() - largest) <= 1e-6 * largest
    np.testing.assert_allclose(y / np.abs(y).max(), expected / np.abs(expected).max(), rtol=0, atol=1e-4)


def test_silence_stays_silence(folder: Folder) -> None:
    folder.write("in.wav", np.zeros((1, 100)))
    folder.write("filter.wav", sound(1, 10))
    assert "silence" in folder.convolve("--format", "pcm16", "--normalize")
    assert not folder.result().any()


@pytest.mark.parametrize(("mode", "start", "count"), [("full", 0, 2049), ("causal", 0, 2000), ("same", 24, 2000)])
def test_modes(folder: Folder, mode: str, start: int, count: int) -> None:
    u, k = folder.write("in.wav", sound(1)), folder.write("filter.wav", sound(1, 50, seed=1))
    folder.convolve("--mode", mode)
    np.testing.assert_allclose(folder.result(), full(u, k)[:, start : start + count], rtol=0, atol=1e-5)


def test_a_filter_has_one_channel_or_as_many_as_the_input(folder: Folder) -> None:
    folder.write("in.wav", sound(3))
    folder.write("filter.wav", sound(2, 10))
    assert "3 channels" in (said := folder.convolve(expect=2))
    assert "2 channels" in said


def test_a_file_that_exists_is_kept_unless_forced(folder: Folder) -> None:
    folder.write("in.wav", sound(1))
    folder.write("filter.wav", sound(1, 10))
    (folder.path / "out.wav").write_text("kept")
    assert "--force" in folder.convolve(expect=2)
    assert (folder.path / "out.wav").read_text() == "kept"
    folder.convolve("--force")
    assert folder.result().shape == (1, 2009)


def test_the_output_may_be_the_input(folder: Folder) -> None:
    u, k = folder.write("in.wav", sound(1)), folder.write("filter.wav", sound(1, 10, seed=1))
    path = str(folder.path / "in.wav")
    assert cli.main(["convolve", path, str(folder.path / "filter.wav"), "-o", path, "--force"]) == 0
    np.testing.assert_allclose(wavfile.read(path)[1], full(u, k)[0], rtol=0, atol=1e-5)


def header(fmt: bytes, data: bytes) -> bytes:
    body = b"WAVE" + b"fmt " + struct.pack("<I", len(fmt)) + fmt + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


PCM16 = struct.pack("<HHIIHH", 1, 1, RATE, 2 * RATE, 2, 16)
ADPCM = struct.pack("<HHIIHH", 2, 1, RATE, RATE, 1, 4)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "can't be read as a WAV file"),
        (b"ID3\x03 an MP3, rather", "can't be read as a WAV file"),
        (b"RIFF\x00\x00", "can't be read as a WAV file"),
        (header(PCM16, b"")[:20], "can't be read as a WAV file"),
        (header(ADPCM, bytes(100)), "can't be read as a WAV file"),
        (header(PCM16, b""), "holds no samples"),
        (None, "can't be read: No such file"),
    ],
    ids=["empty file", "MP3", "cut at once", "cut in its header", "ADPCM", "no samples", "no file"],
)
@pytest.mark.parametrize("name", ["in.wav", "filter.wav"])
def test_a_file_that_is_no_sound_is_named(folder: Folder, name: str, content: bytes | None, words: str) -> None:
    folder.write("in.wav", sound(1))
    folder.write("filter.wav", sound(1, 10))
    (folder.path / name).unlink()
    if content is not None:
        (folder.path / name).write_bytes(content)
    said = folder.convolve(expect=2)
    assert words in said
    assert name in said
    assert not (folder.path / "out.wav").exists()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_samples_that_are_not_finite_are_refused(folder: Folder, value: float) -> None:
    samples = sound(1)
    samples[0, 7] = value
    folder.write("in.wav", samples)
    folder.write("filter.wav", sound(1, 10))
    assert "not finite" in folder.convolve(expect=2)


def test_a_result_beyond_float32_is_refused(folder: Folder) -> None:
    folder.write("in.wav", sound(1, peak=1e30))
    folder.write("filter.wav", sound(1, 10, peak=1e30))
    assert "too large" in folder.convolve(expect=2)


def test_a_file_that_was_cut_off_is_used_with_a_warning(folder: Folder) -> None:
    u = folder.write("in.wav", sound(1), "pcm16")
    folder.write("filter.wav", np.array([[1.0]]))
    path = folder.path / "in.wav"
    path.write_bytes(path.read_bytes()[:-1000])
    assert "ends before its header says" in folder.convolve()
    np.testing.assert_allclose(folder.result(), u[:, :1500], atol=1e-6)


@pytest.mark.parametrize("output", ["", "missing/out.wav"])
def test_an_output_that_cannot_be_written_is_refused(folder: Folder, output: str) -> None:
    folder.write("in.wav", sound(1))
    folder.write("filter.wav", sound(1, 10))
    names = [str(folder.path / name) for name in ("in.wav", "filter.wav")]
    assert cli.main(["convolve", *names, "-o", str(folder.path / output)]) == 2
    assert "--output can't be written there" in folder.capsys.readouterr().err


def test_rates_that_differ_are_refused(folder: Folder) -> None:
    folder.write("in.wav", sound(1))
    wavfile.write(folder.path / "filter.wav", 44100, np.ones(9, "float32"))
    assert "8000" in (said := folder.convolve(expect=2))
    assert "44100" in said
