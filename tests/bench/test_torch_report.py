"""The results of `python -m bench torch` and the page that is written from them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

from bench import bench_torch, torch_overhead, torch_report  # noqa: E402 - torch may be absent

RESULTS = sorted((Path(__file__).resolve().parents[2] / "bench/results").glob("torch_*.json"))


def timing(name: str, *seconds: float) -> dict[str, Any]:
    return {"name": name, "seconds": list(seconds), "error": 0.0, "rejected": ""}


def content(**changes: Any) -> dict[str, Any]:
    """Results that meet every bar by little."""
    training = {
        "timings": [timing("longwing", 1.0, 9.0, 1.0), timing("torch.fft", 2.0, 9.0, 2.0)],
        "saved_bytes": {"longwing": 6, "torch.fft": 10},
        "curve_difference": 0.0,
    }
    overhead = {"timings": [timing("without grad", 15e-6, 1.0), timing("forward with grad", 60e-6)]}
    butterflies = [
        {
            "measure": measure,
            "case": {"own": own},
            "timings": [timing("learned", 1.04 + own), timing("fixed", 1.0), timing("long_conv", 0.1)],
        }
        for measure in ("forward", "training")
        for own in (False, True)
    ]
    return {"training": training, "overhead": overhead, "butterfly": {"results": butterflies}} | changes


def test_bars_are_met_at_their_limits() -> None:
    bars = list(torch_report.bars(content()))
    assert [bar.value for bar in bars] == pytest.approx([2.0, 0.6, 0.0, 15.0, 60.0, 1.04, 1.04])
    assert all(bar.met for bar in bars)


@pytest.mark.parametrize("part", ["training", "overhead", "butterfly"])
def test_a_part_that_was_not_measured_meets_nothing(part: str) -> None:
    counts = {"training": 3, "overhead": 2, "butterfly": 2}
    bars = list(torch_report.bars({**content(), part: None}))
    assert [bar.met for bar in bars].count(False) == [bar.value for bar in bars].count(None) == counts[part]


def test_what_is_beyond_a_limit_is_missed() -> None:
    slow = content()
    slow["training"]["timings"][0]["seconds"] = [1.1, 9.0, 1.1]
    slow["training"]["saved_bytes"]["longwing"] = 7
    slow["training"]["curve_difference"] = 2 * bench_torch.CURVE_LIMIT
    slow["overhead"]["timings"] = [timing("without grad", 16e-6), timing("forward with grad", 61e-6)]
    for one in slow["butterfly"]["results"]:
        one["timings"][0]["seconds"] = [1.06]
    assert not any(bar.met for bar in torch_report.bars(slow))


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.name)
def test_the_page_is_the_one_that_the_results_make(path: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(torch_report.PAGE.read_text())
    torch_report.write(path, page)
    assert page.read_text() == torch_report.PAGE.read_text()
    page.write_text("no marks")
    with pytest.raises(ValueError, match="once each"):
        torch_report.write(path, page)


def test_a_run_puts_its_parts_beside_older_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "results.json"
    path.write_text(json.dumps({"training": {"kept": True}, "overhead": {"kept": False}}))
    monkeypatch.setattr(torch_overhead, "ROUNDS", 2)
    threads = torch.get_num_threads()
    try:
        assert torch_report.run(["overhead"], smoke=True, threads=1, path=path)
    finally:
        torch.set_num_threads(threads)
    found = json.loads(path.read_text())
    assert found["training"] == {"kept": True}
    assert [one["name"] for one in found["overhead"]["timings"]] == [*torch_overhead.LIMITS, "forward and backward"]
    assert all(one["seconds"] for one in found["overhead"]["timings"])


@pytest.mark.filterwarnings("ignore:lam=")
def test_both_models_of_a_step_agree_and_ours_keeps_less() -> None:
    setting = bench_torch.Setting(1, 16, 64, 2, rounds=1, steps=2)
    batches = [bench_torch._batch(setting, seed) for seed in range(2)]
    ours = bench_torch._model(setting)
    peer = bench_torch.over_torch_fft(ours)
    curves = [bench_torch._curve(model, batches) for model in (ours, peer)]
    assert bench_torch._difference(*curves) < 1e-5
    assert curves[0][0] != curves[0][1]
    assert bench_torch.saved_bytes(ours, batches[0]) < 0.6 * bench_torch.saved_bytes(peer, batches[0])
