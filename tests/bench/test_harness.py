"""One measured case: wrong results are not timed, absent peers are told, ratios are of the same round."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench import bars, entrants, harness, instructions, limits, native, page, peers, plots, record, report
from bench.cases import Case
from bench.peers import Peer
from bench.peers.calls import Calls, Problem, Unsupported

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


def peer(name: str, prepare: Any, **options: Any) -> Peer:
    return Peer(name, "1", prepare, **options)


def of_longwing(spoil: Any = lambda y: y) -> Any:
    """prepare() of a peer that computes by longwing and then spoils the result."""
    longwing = peers.load("longwing_plan")

    def prepare(problem: Problem) -> Calls:
        calls = longwing.prepare(problem)
        return Calls(full=lambda: spoil(calls.full()))  # type: ignore[misc]

    return prepare


def refuse(problem: Problem) -> Calls:
    raise Unsupported("can't")


def fail(problem: Problem) -> Calls:
    raise OSError("broken\nmore lines")


def test_a_wrong_result_is_not_timed_and_an_absent_peer_is_told() -> None:
    found = [
        peers.load("longwing_plan"),
        peer("shifted", of_longwing(lambda y: y[..., ::-1])),
        peer("nan", of_longwing(lambda y: y * float("nan"))),
        peer("refuses", refuse),
        peer("fails", fail),
    ]
    full, cached = harness.measure(CASE, found, rounds=2)
    by_name = {timing.name: timing for timing in full.timings}
    assert len(by_name["longwing"].seconds) == 2
    for name in ("shifted", "nan"):
        assert not by_name[name].seconds
        assert "wrong result" in by_name[name].rejected
    assert full.absent == {"refuses": "can't", "fails": "OSError: broken"}
    assert cached.absent["shifted"] == "has no cached"
    assert "shifted: wrong result" in "\n".join(report.lines(full))
    assert "without refuses" in "\n".join(report.absences([full, cached]))


def test_a_wrong_longwing_is_told_and_has_no_ratio() -> None:
    (full,) = harness.measure(replace(CASE, measures=("full",)), [peer("longwing", of_longwing(lambda y: 2 * y))], rounds=1)
    assert "longwing is not timed: wrong result" in "\n".join(report.lines(full))
    assert record.ratio(record.entry(full), "longwing") is None


@pytest.mark.parametrize(
    ("case", "beside"),
    [
        (Case(1, 4, 64, dtype="float16", measures=("full",)), entrants.FLOAT32),
        (Case(1, 8, 64, features=("gates", "skip"), measures=("full",)), entrants.PLAIN),
        (Case(1, 4, 64, threads=2, measures=("full",)), "longwing" + entrants.ONE_THREAD),
    ],
)
def test_longwings_own_run_stands_beside(case: Case, beside: str) -> None:
    longwing = peers.load("longwing_plan")
    (result,) = harness.measure(case, [longwing], rounds=2)
    assert [timing.name for timing in result.timings] == ["longwing", beside]
    assert not any(timing.rejected for timing in result.timings)


def test_the_run_on_one_thread_has_one_and_gives_the_others_back() -> None:
    import longwing

    counts = []

    def prepare(problem: Problem) -> Calls:
        return Calls(full=lambda: counts.append(longwing.get_num_threads()))

    before = longwing.get_num_threads()
    try:
        lined_up, _ = entrants.line_up(replace(CASE, threads=2), [peer("p", prepare, set_threads=longwing.set_num_threads)])
        longwing.set_num_threads(2)
        for entrant in lined_up:
            entrant.calls.full()  # type: ignore[misc]
        assert counts == [2, 1]
        assert longwing.get_num_threads() == 2
    finally:
        longwing.set_num_threads(before)


@pytest.mark.parametrize("module", peers.MODULES)
def test_every_peer_is_right_or_says_why_not(module: str) -> None:
    found, absent = peers.find([module])
    if not found:
        pytest.skip(f"{module} is absent: {absent[module]}")
    case = Case(2, 4, 96, taps=10) if module == "torch_conv1d" else Case(2, 4, 96)
    lined_up, refused = entrants.line_up(case, [*found, peers.load("longwing_plan")])
    assert not refused
    (first, _) = lined_up
    for measure in case.measures:
        if call := getattr(first.calls, measure):
            assert harness._error((call(), first.expected[measure])) < 1e-6


@pytest.mark.parametrize("name", ["reverse", "bank", "groups", "shared", "per-sample", "skip+gates+gelu"])
def test_torch_unfused_is_right(name: str) -> None:
    found, _ = peers.find(["torch_fft"])
    if not found:
        pytest.skip("torch is not installed")
    (torch, _), _ = entrants.line_up(Case(2, 8, 96, features=tuple(name.split("+"))), [*found])
    assert harness._error((torch.calls.full(), torch.expected["full"])) < 1e-6  # type: ignore[misc]


def test_a_module_that_is_not_there_is_absent_with_its_reason() -> None:
    found, absent = peers.find(["no_such_peer"])
    assert not found
    assert "ModuleNotFoundError" in absent["no_such_peer"]


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
    bar = bars.Bar("torch", ("full",), [CASE, Case(9, 9, 9)], lambda case: 4.0, bars._against("torch.fft"))
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
    pytest.importorskip("matplotlib")
    results, target = tmp_path / "cpu.json", tmp_path / "performance.md"
    shape = Case(1, 64, 1024)
    measured = entry(**{"longwing": [1e-4, 2e-4], "torch.fft": [4e-4, 8e-4]}) | {"case": shape.name, "shape": [1, 64, 1024]}
    memory = [{"name": "longwing", "shape": [1, 64, 1024], "samples": 65536, "bytes": 4 * 65536, "absent": ""}]
    record.merge(results, [measured], limits={"1": {"fma": 1e9, "L1": 2e9}}, memory=memory)
    target.write_text(f"before\n{page.BEGIN}\nold\n{page.END}\nafter\n")
    page.write(results, target)
    text = target.read_text()
    assert text.startswith(f"before\n{page.BEGIN}\n")
    assert text.endswith(f"{page.END}\nafter\n")
    assert "old" not in text
    assert "| forward: torch.fft | 1,64,1024 | 5.00 | **4.00** | torch.fft |" in text
    assert all((tmp_path / "figures" / f"{name}.svg").is_file() for name in plots.TITLES)
    target.write_text("no marks\n")
    with pytest.raises(ValueError, match="once each"):
        page.write(results, target)


def test_limits_are_rates() -> None:
    try:
        native.library("limits")
    except native.BuildError as error:
        pytest.skip(f"no C++ compiler: {error}")
    assert 1e8 < limits.fma(0.005) < 1e13
    assert 1e8 < limits.triad(2**14, 0.005) < 1e13
    assert 1e8 < limits.fma(0.005, threads=2) < 1e13


def test_a_failed_build_tells_the_compilers_reason(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "broken.cc").write_text("int f() { return nothing; }\n")
    monkeypatch.setattr(native, "FOLDER", tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    try:
        native.compiler()
    except native.BuildError as error:
        pytest.skip(str(error))
    with pytest.raises(native.BuildError, match="nothing"):
        native.library("broken")


def test_growth_of_instructions_is_noticed_above_the_limit() -> None:
    baseline = {"64 full": 100.0, "64 cached": 100.0}
    assert not instructions.grown({"64 full": 104.9, "64 cached": 50.0, "65 full": 1e9}, baseline)
    (line,) = instructions.grown({"64 full": 105.2, "64 cached": 100.0}, baseline)
    assert line.startswith("64 full: 105.2")


def test_baselines_are_kept_by_compiler(tmp_path: Path) -> None:
    path = tmp_path / "instructions.json"
    instructions.save("GCC 12", {"64 full": 1.0}, path)
    instructions.save("GCC 13", {"64 full": 2.0}, path)
    assert instructions.load(path) == {"GCC 12": {"64 full": 1.0}, "GCC 13": {"64 full": 2.0}}


@pytest.mark.parametrize(("version", "status"), [("GCC 12", 1), ("GCC 13", 0)])
def test_another_compiler_records_and_does_not_fail(
    version: str, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(instructions, "obstacle", lambda: "")
    monkeypatch.setattr(instructions, "compiler", lambda program: version)
    monkeypatch.setattr(instructions, "count_all", lambda program: {"64 full": 120.0})
    monkeypatch.setattr(instructions, "load", lambda: {"GCC 12": {"64 full": 100.0}})
    assert instructions.run(Path("program"), recording=False) == status
    assert "64 full" in capsys.readouterr().out


def test_without_the_tool_the_count_is_skipped_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    assert instructions.run(Path("program"), recording=False) == instructions.SKIPPED
    assert "valgrind is not installed" in capsys.readouterr().out
