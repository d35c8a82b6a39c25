"""Every task runs from its command, and leaves a record."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from bench.tasks import presets, results
from bench.tasks.__main__ import main
from bench.tasks.config import override
from bench.tasks.errors import TaskError
from bench.tasks.report import page


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("run")


def command(task: str, data: Path, folder: Path, *more: str) -> list[str]:
    places = ["--data", str(data), "--runs", str(folder / "runs"), "--results", str(folder / "results")]
    return ["run", task, "--preset", "smoke", "--quiet", *places, *more]


@pytest.mark.parametrize("task", presets.RECIPES)
def test_smoke(task: str, data_folder: Path, folder: Path) -> None:
    assert main(command(task, data_folder, folder)) == 0
    variant = presets.RECIPES[task].variant
    record = results.read_one(folder / "results" / f"{task}-smoke-{variant}-seed0.json")
    assert record["converged"] is False
    assert record["data"]["source"]
    assert record["figures"][record["main"]] == record["figures"][record["main"]]  # no NaN
    assert record["curve"][-1]["step"] == record["steps"]
    assert record["seconds"]["train"] <= record["seconds"]["all"]
    assert record["baselines"]
    logs = folder / "runs" / record["name"]
    assert (logs / "metrics.csv").read_text().startswith("step,")
    assert [path for path in (logs / "tensorboard").iterdir() if path.name.startswith("events.")]


def ran(task: str, data: Path, folder: Path, settings: list[str], variant: str | None = None) -> dict[str, Any]:
    """Run the smoke preset with those settings, and return the record."""
    more = [part for setting in settings for part in ("--set", setting)] + (["--variant", variant] if variant else [])
    assert main(command(task, data, folder, *more)) == 0
    name = presets.run_name(override(presets.config(task, "smoke", variant), settings))
    return results.read_one(folder / "results" / f"{name}.json")


@pytest.mark.parametrize("variant", ["random", "both", "geometric", "s4d", "transformer", "butterfly", "torch_fft"])
def test_variants(variant: str, data_folder: Path, folder: Path) -> None:
    record = ran("text", data_folder, folder, ["training.steps=2", "model.lam=0.001"], variant)
    assert record["config"]["variant"] == variant
    assert math.isfinite(record["figures"]["loss"])


def test_gradients_are_clipped_in_mixed_precision(data_folder: Path, folder: Path) -> None:
    """A bound that leaves nothing of a gradient leaves the model as it was, as no learning rate does."""
    settings = ["training.precision=bf16-mixed", "training.weight_decay=0.0", "training.steps=6"]
    more = ["training.clip=0.0", "training.clip=1e-12", "training.lr=0.0"]
    moved, held, still = (
        ran("lm", data_folder, folder, [*settings, one])["figures"]["bits_per_byte"] for one in more
    )
    assert held == pytest.approx(still, abs=1e-3)
    assert abs(moved - still) > 1e-2


@pytest.mark.parametrize("variant", ["long_conv", "transformer", "butterfly_mlp"])
def test_variants_of_the_language_model(variant: str, data_folder: Path, folder: Path) -> None:
    record = ran("lm", data_folder, folder, ["training.steps=2"], variant)
    assert record["config"]["variant"] == variant
    assert math.isfinite(record["figures"]["bits_per_byte"])


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["run", "nothing", "--preset", "smoke"], "'nothing': supported are listops"),
        (["run", "image", "--preset", "ablation"], "'ablation': image has smoke, cpu, gpu, paper"),
        (["run", "text", "--preset", "smoke", "--variant", "none"], "--variant is 'none'"),
        (["run", "text", "--preset", "smoke", "--set", "model.layer=rnn"], "model.layer is 'rnn': supported are"),
        (["run", "text", "--preset", "smoke", "--set", "training.batch=many"], "training.batch is 'many'"),
        (["run", "text", "--preset", "smoke", "--set", "model.depth=3"], "model.depth is not supported: layer"),
        (["run", "text", "--preset", "smoke", "--set", "batch=3"], "--set batch=3: supported are"),
        (["run", "fmri", "--preset", "smoke", "--variant", "butterfly"], "not causal once trained"),
        (["run", "scifar", "--preset", "smoke", "--set", "training.batch=65"], "1 to the 64 training items"),
        (["run", "scifar", "--preset", "smoke", "--set", "training.epochs=3"], "exactly one must be above 0"),
        (["run", "scifar", "--preset", "smoke", "--variant", "transformer", "--set", "model.heads=3"], "model.heads is 3"),
    ],
)
def test_what_is_not_supported_is_named(
    arguments: list[str], expected: str, data_folder: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    places = ["--data", str(data_folder), "--runs", str(folder / "runs"), "--results", str(folder / "wrong"), "--quiet"]
    assert main([*arguments, *places]) == 2
    assert expected in capsys.readouterr().err


def test_missing_data_is_named(tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(command("text", tmp_path, folder)) == 2
    assert "aclImdb" in capsys.readouterr().err


def test_a_corrupt_record_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    for content in ('{"name": ', "[]", json.dumps({"name": "a"})):
        path.write_text(content)
        with pytest.raises(TaskError, match=r"a\.json"):
            results.read_one(path)
    (tmp_path / "speed").mkdir()
    path.rename(tmp_path / "speed" / "length-cpu-1024.json").write_text("{")
    with pytest.raises(TaskError, match=r"length-cpu-1024\.json"):
        page.read(tmp_path)


def test_list_names_every_task(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(presets.RECIPES)
