"""The page of the experiments is what the records make it."""

from __future__ import annotations

import argparse
import copy
from pathlib import Path
from typing import Any

import pytest

from bench.tasks import presets, results
from bench.tasks.__main__ import main
from bench.tasks.config import override
from bench.tasks.errors import TaskError
from bench.tasks.paper import figure
from bench.tasks.report import page, speeds, tables

TABLES = ("results", "regularisers", "kernels", "few", "butterflies", "lengths", "path256", "split")
MARKS = "\n".join(f"<!-- table: {name} -->\n<!-- end -->" for name in TABLES)


def record(
    preset: str = "cpu", task: str = "scifar", variant: str = "squash", seed: int = 0, **figures: float
) -> dict[str, Any]:
    config = presets.config(task, preset, variant, seed).to_json()
    figures = figures or {"accuracy": 0.4321, "loss": 1.5}
    return {
        "name": f"{task}-{preset}-{variant}-seed{seed}",
        "config": config,
        "data": {"name": task, "source": "made", "note": "a lossy copy", "length": 1024},
        "baselines": {"majority": 0.1},
        "machine": {},
        "commit": "0",
        "parameters": 12_345,
        "steps": 100,
        "filter": [1.0, 0.5, 0.25, 0.0],
        "curve": [{"step": 50, "loss": 2.0}, {"step": 50, "valid_accuracy": 0.4}, {"step": 100, "loss": 1.8}],
        "figures": figures,
        "main": next(iter(figures)),
        "higher_is_better": True,
        "converged": preset == "paper",
        "seconds": {"all": 60.4, "processor": 31.6, "train": 50.0, "data": 1.0},
    }


SPEED = {
    "name": "length-cpu-1024",
    "length": 1024,
    "batch": 64,
    "contenders": {"longwing": {"seconds": 1.0, "spread": 0.1, "tokens_per_s": 65536.0, "peak_bytes": 2**20}},
    "left_out": {"attention": "20.0 s a step at 512"},
}


def test_the_page_is_up_to_date() -> None:
    text = page.PAGE.read_text(encoding="utf-8")
    assert page.filled(text, *page.read(results.FOLDER)) == text


def test_a_result_stands_beside_the_papers_and_is_not_converged() -> None:
    (row,) = tables.results([record(), record("smoke"), record("ablation")]).splitlines()[2:]
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[0] == "scifar"
    assert cells[1] == "scifar (a lossy copy), 1,024"
    assert cells[4:] == ["**43.2 %**", "majority 10.0 %", "91.0 %", "cpu, not converged", "60, 32"]
    assert "not converged" not in tables.results([record("paper")])


def test_the_ablation_has_mean_and_deviation_over_seeds() -> None:
    records = [record("ablation", seed=seed, accuracy=value) for seed, value in enumerate((0.40, 0.44))]
    rows = {line.split("|")[1].strip(): line for line in tables.regularisers(records).splitlines()[2:]}
    assert "| 42.0 ± 2.8 % | 2 | 91.0 %" in rows["squash"]
    assert "not run" in rows["random"]


def test_the_ablations_kernels_are_described_by_means_over_seeds() -> None:
    records = [record("ablation", seed=seed, accuracy=0.4, loss=1.5 + seed) for seed in range(3)]
    for seed, one in enumerate(records[:2]):
        one["filters"] = {"nonzero": 0.01 + 0.02 * seed, "high_frequency_energy": 0.5}
    (row,) = tables.kernels([*records, record()]).splitlines()[2:]
    assert row == "| scifar | squash | 1.800 | 2.000 | 2.0 % | 50 % |"


def test_runs_with_other_settings_are_not_in_the_ablation() -> None:
    """Those of an earlier preset neither; a field that a record does not know of is at its default."""
    changed = record("ablation", accuracy=0.9)
    changed["config"]["training"]["steps"] += 1
    older = record("ablation")
    del older["config"]["model"]["norm_momentum"]
    assert tables.regularisers([older, changed]) == tables.regularisers([record("ablation")])


def test_what_was_changed_in_a_preset_is_told() -> None:
    changed = record("paper")
    changed["name"] += "-lr=1e-05-train_size=40"
    changed["converged"] = False
    assert "| paper, lr=1e-05, train_size=40, not converged |" in tables.results([changed])


def test_the_papers_recipe_unchanged_is_converged() -> None:
    assert presets.is_papers(presets.config("image", "paper"))
    assert not presets.is_papers(override(presets.config("image", "paper"), ["training.batch=10"]))
    assert not presets.is_papers(presets.config("image", "gpu"))
    assert not presets.is_papers(presets.config("fmri", "paper"))  # whose recipe the paper does not tell


def test_runs_on_few_images_have_a_table_of_their_own() -> None:
    one = record()
    one["name"] += "-train_size=40"
    one["config"]["data"]["train_size"] = 40
    one["data"]["examples"] = {"train": 40}
    one["filters"] = {"nonzero": 0.123, "high_frequency_energy": 0.5}
    one["curve"] += [{"step": step, "valid_accuracy": 0.3, "valid_loss": loss} for step, loss in ((50, 1.25), (100, 2.5))]
    (row,) = tables.few_examples([one, record(), record("ablation")]).splitlines()[2:]
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[:4] == ["40", "squash, λ = 0.001", "80", "1.800"]
    assert cells[4:] == ["1.250, 2.500", "40.0, 30.0 %", "43.2 %", "12 %", "50 %", "cpu, train_size=40, not converged"]
    assert tables.main_runs([one]) == []


def test_learned_butterflies_stand_beside_what_they_replace() -> None:
    records = [record("ablation", variant=variant) for variant in ("butterfly", "squash", "fixed")]
    records.append(record("ablation", variant="butterfly", seed=1, accuracy=0.4121))
    records.append(record(task="lm", variant="h3", bits_per_byte=2.0, perplexity=4.0))
    records.append(record(task="lm", variant="h3", seed=1, bits_per_byte=3.0, perplexity=8.0))
    rows = tables.butterflies(records).splitlines()[2:]
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    assert [row[6].split()[0] for row in cells] == ["91.0", "92.5", "WikiText-103,"]
    assert cells[1][1:5] == ["12,345", "**42.2 ± 1.4 %**", "2", "32"]
    assert cells[0][1:5] == ["12,345", "**43.2 %**", "1", "32"]
    assert cells[2][2:4] == ["**2.000 bits per byte**, perplexity of tokens 4", "1"]


def test_a_record_of_a_variant_that_is_no_more_stands_in_no_comparison() -> None:
    gone = record("ablation")
    gone["config"]["variant"] = "forgotten"
    assert tables.regularisers([gone, record("ablation")]) == tables.regularisers([record("ablation")])


def test_what_was_not_run_is_named() -> None:
    assert "not run: 20.0 s a step at 512" in speeds.by_length([SPEED])


def test_without_records_a_table_says_so() -> None:
    assert set(page.contents([], []).values()) == {"No record yet."}


def test_the_papers_figures_agree_with_its_averages() -> None:
    """Path-X counts as 50 where it was not learned."""
    averages = {
        "transformer": 53.7,
        "s4d": 86.1,
        "random": 69.5,
        "smooth": 71.8,
        "squash": 86.1,
        "both": 73.7,
        "geometric": 86.6,
    }
    for variant, average in averages.items():
        cells = [figure(task, variant) for task in ("listops", "text", "retrieval", "image", "pathfinder", "pathx")]
        values = [50.0 if cell == "did not learn" else float(cell.split()[0]) for cell in cells]
        assert sum(values) / 6 == pytest.approx(average, abs=0.1)
    assert figure("fashion", "squash") == ""


def test_report_writes_page_and_plots(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "records"
    other = copy.deepcopy(record("ablation", variant="random"))
    for one in (record(), record("ablation"), other):
        results.write(one, folder)
    results.write(SPEED, folder / "speed")
    target = tmp_path / "experiments.md"
    target.write_text(MARKS + "\n")
    arguments = ["report", "--results", str(folder), "--page", str(target)]
    assert main(arguments) == 0
    text = target.read_text()
    assert "43.2 %" in text
    plots = {path.name: path.read_bytes() for path in (tmp_path / "experiments").iterdir()}
    assert set(plots) == {"curves.svg", "filters.svg", "lengths.svg"}
    assert main(arguments) == 0
    assert target.read_text() == text
    assert {name: (tmp_path / "experiments" / name).read_bytes() for name in plots} == plots
    capsys.readouterr()


def test_a_page_without_a_mark_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "experiments.md"
    target.write_text("<!-- table: results -->\n<!-- end -->\n")
    with pytest.raises(TaskError, match=f"each of {', '.join(TABLES)}"):
        page.run(argparse.Namespace(page=target, results=tmp_path))
