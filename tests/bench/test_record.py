"""Results as they are kept, and what is read off them: ratios, bars, the page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench import bars, page, plots, record, report
from bench.cases import Case

CASE = Case(2, 4, 64, measures=("full", "cached"))


def entry(**seconds: list[float]) -> record.Entry:
    """An entry with these samples."""
    timings = [{"name": name, "version": "1", "error": 0.0, "rejected": "", "seconds": s} for name, s in seconds.items()]
    return {
        "case": CASE.name,
        "measure": "full",
        "shape": [2, 4, 64],
        "taps": 64,
        "dtype": "float32",
        "features": [],
        "threads": 1,
        "samples": 512,
        "commit": "0",
        "date": "2026-01-01 00:00",
        "fma_per_s": 1e9,
        "absent": {},
        "timings": timings,
    }


def test_a_ratio_is_the_median_over_rounds_of_the_same_round() -> None:
    one = entry(longwing=[1.0, 10.0, 1.0], other=[3.0, 30.0, 5.0])
    assert record.ratio(one, "other") == 3.0
    assert record.ratio(one, "nobody") is None
    assert record.ratio_range(one, "other") == (3.0, 5.0)


def test_peak_share_counts_nominal_operations() -> None:
    operations = 2.5 * (2 * 64) * 7 * 2.5 + 6 * 64
    share = report.peak_share(entry(longwing=[8 * operations / 5e8]))
    assert share == pytest.approx(0.5)
    assert report.peak_share(entry(longwing=[1.0]) | {"threads": 2}) is None


def test_results_replace_those_of_the_same_case_and_measure(tmp_path: Path) -> None:
    path = tmp_path / "results" / "cpu.json"
    record.merge(path, [entry(longwing=[1.0]), entry(longwing=[2.0]) | {"measure": "cached"}])
    record.merge(path, [entry(longwing=[3.0])], limits={"1": {"fma": 1.0}})
    kept = record.load(path)
    assert [(one["measure"], record.median(one, "longwing")) for one in kept["results"]] == [("full", 3.0), ("cached", 2.0)]
    assert kept["limits"] == {"1": {"fma": 1.0}}


def test_other_numbers_replace_those_of_the_same_names(tmp_path: Path) -> None:
    path = tmp_path / "cpu.json"
    record.add(path, "memory", [{"case": "a", "bytes": 1}, {"case": "b", "bytes": 2}], names=("case",))
    record.add(path, "memory", [{"case": "a", "bytes": 3}], names=("case",))
    assert record.load(path)["memory"] == [{"case": "a", "bytes": 3}, {"case": "b", "bytes": 2}]


def test_results_of_another_machine_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "cpu.json"
    record.merge(path, [entry(longwing=[1.0])])
    content = json.loads(path.read_text())
    content["machine"]["isa"] = "quantum"
    path.write_text(json.dumps(content))
    with pytest.raises(record.RecordError, match="another machine: isa 'quantum'"):
        record.merge(path, [entry(longwing=[1.0])])
    path.write_text("[]")
    with pytest.raises(record.RecordError, match="no file of this bench"):
        record.load(path)


def test_bars_are_met_and_missed() -> None:
    bar = bars.Bar("torch", "full", [CASE, Case(9, 9, 9)], lambda case: 4.0, bars._against("torch.fft"))
    slow, missing = bar.readings(bars.index([entry(**{"longwing": [1.0], "torch.fft": [3.0]})]))
    fast, _ = bar.readings(bars.index([entry(**{"longwing": [1.0], "torch.fft": [5.0]})]))
    assert (slow.value, slow.met(False), fast.met(False)) == (3.0, False, True)
    assert missing.value is None
    assert not missing.met(True)
    assert slow.met(at_most=True)


def test_every_bar_reads_cases_of_the_table() -> None:
    for bar in bars.BARS:
        readings = list(bar.readings({}))
        assert readings
        assert not any(reading.met(bar.at_most) for reading in readings)


def test_the_best_other_library_is_the_fastest_but_never_ours() -> None:
    value = bars._best_of(lambda name: not name.startswith("longwing"))
    one = entry(**{"longwing": [1.0], "longwing.torch": [0.5], "ducc0": [4.0], "pyFFTW": [3.0]})
    assert value(one) == (3.0, "pyFFTW")


def test_the_page_is_written_between_its_marks(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    results, target = tmp_path / "cpu.json", tmp_path / "performance.md"
    shape = Case(8, 64, 1024)
    measured = entry(**{"longwing": [1e-4, 2e-4], "torch.fft": [4e-4, 8e-4]}) | {"case": shape.name, "shape": [8, 64, 1024]}
    memory = [{"name": "longwing", "shape": [1, 64, 1024], "samples": 65536, "bytes": 4 * 65536, "absent": ""}]
    record.merge(results, [measured], limits={"1": {"fma": 1e9, "L1": 2e9}}, memory=memory)
    target.write_text(f"before\n{page.BEGIN}\nearlier\n{page.END}\nafter\n")
    page.write(results, target)
    text = target.read_text()
    assert text.startswith(f"before\n{page.BEGIN}\n")
    assert text.endswith(f"{page.END}\nafter\n")
    assert "earlier" not in text
    assert "| forward: torch.fft | at least 5.00 / 7.00 | 4.00 | 8,64,1024, torch.fft | 0 of 8 | missed |" in text
    assert "**4.00**" in text
    assert all((tmp_path / "figures" / f"{name}.svg").is_file() for name in plots.TITLES)
    target.write_text("no marks\n")
    with pytest.raises(ValueError, match="once each"):
        page.write(results, target)
