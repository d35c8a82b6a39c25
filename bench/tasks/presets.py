"""The presets: one table of the paper's recipes, one of what each smaller preset changes in them, one of variants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bench.tasks.config import Config, Model, Training
from bench.tasks.errors import TaskError

PRESETS = ("smoke", "cpu", "gpu", "paper", "ablation")


@dataclass(frozen=True)
class Recipe:
    """A task as the paper ran it, or, where `paper` is False, as we would at that size."""

    about: str
    data: str
    """Name of the data set."""

    options: Mapping[str, Any]
    model: Model
    training: Training
    variant: str = "squash"
    paper: bool = True
    """Whether the paper tells the recipe."""


@dataclass(frozen=True)
class Change:
    """What a preset, or a variant, puts in a recipe's place."""

    data: Mapping[str, Any] = field(default_factory=dict)
    model: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)
    variant: str = ""
    """The preset's own variant, where it is not the recipe's."""


_CIFAR = Model(width=512, norm="layer", prenorm=False, dropout=0.1, tie_dropout=True)
_PATHFINDER = Model(bidirectional=True, lam=0.001, kernel_dropout=0.3)
_LANGUAGE = Model(
    layer="h3", layers=12, width=768, channels=1, norm="layer", embed_dropout=0.1, kernel_lr=6e-4, heads=12, mlp="dense",
    attention_at=(1, 8),
)  # fmt: skip
_LANGUAGE_TRAINING = Training(batch=8, accumulate=32, steps=50_000, lr=6e-4, weight_decay=0.1, warmup=0.01, clip=1.0)

RECIPES: dict[str, Recipe] = {
    "listops": Recipe(
        "ListOps: the value of a nested expression",
        "listops",
        {"length": 2048},
        Model(layers=8, width=128, prenorm=False, lam=0.002, kernel_lr=5e-4),
        Training(batch=50, epochs=40),
    ),
    "text": Recipe("IMDB: sentiment, byte by byte", "text", {}, Model(), Training(batch=16, epochs=32)),
    "retrieval": Recipe(
        "does one document cite the other",
        "retrieval",
        {},
        Model(lam=0.004, kernel_lr=1e-4, kernel_dropout=0.1),
        Training(batch=32, epochs=20, accumulate=2),
    ),
    "image": Recipe("grey CIFAR-10, pixel by pixel", "image", {}, _CIFAR, Training(batch=50, epochs=200)),
    "pathfinder": Recipe(
        "are two dots on one path, 32 x 32",
        "pathfinder",
        {"size": 32},
        _PATHFINDER,
        Training(batch=64, epochs=200, lr=0.004, weight_decay=0.03),
    ),
    "pathx": Recipe(
        "the same, 128 x 128",
        "pathx",
        {},
        replace(_PATHFINDER, kernel_lr=5e-4),
        Training(batch=16, epochs=50, lr=5e-4),
    ),
    "path256": Recipe(
        "the same, 256 x 256",
        "path256",
        {},
        replace(_PATHFINDER, kernel_lr=5e-4),
        Training(batch=16, epochs=50, lr=5e-4),
        paper=False,
    ),
    "scifar": Recipe(
        "CIFAR-10 in colour, pixel by pixel", "scifar", {}, replace(_CIFAR, lam=0.001), Training(batch=50, epochs=300)
    ),
    "lm": Recipe(
        "language model", "lm", {"corpus": "wikitext103", "tokens": "bpe", "length": 2048}, _LANGUAGE, _LANGUAGE_TRAINING,
        variant="h3", paper=False,
    ),
    "fmri": Recipe(
        "the next step of 94 regions of the brain",
        "fmri",
        {"length": 400},
        Model(layers=4, width=768, channels=1, norm="layer", dropout=0.2, kernel_lr=1e-3),
        Training(batch=8, steps=5_000, lr=1e-3),
        paper=False,
    ),
    "fashion": Recipe(
        "Fashion-MNIST, pixel by pixel", "fashion", {}, Model(width=256, dropout=0.1), Training(batch=50, epochs=50),
        paper=False,
    ),
    "series": Recipe(
        "a long time series of the UCR archive",
        "series",
        {"source": "PigCVP"},
        Model(layers=4, width=128, dropout=0.1),
        Training(batch=8, steps=2_000),
        paper=False,
    ),
}  # fmt: skip

VARIANTS: dict[str, Change] = {
    "squash": Change(model={"init": "random"}),
    "random": Change(model={"init": "random", "lam": 0.0}),
    "smooth": Change(model={"init": "random", "lam": 0.0, "smooth": 2}),
    "both": Change(model={"init": "random", "smooth": 2}),
    "geometric": Change(model={"init": "geometric"}),
    "s4d": Change(model={"layer": "s4d"}),
    "transformer": Change(model={"layer": "attention"}, training={"lr": 1e-3}),
    "torch_fft": Change(model={"layer": "torch_fft"}),
    "butterfly": Change(model={"layer": "butterfly", "channels": 1, "bidirectional": False}),
    "fixed": Change(model={"channels": 1, "bidirectional": False}),
    "long_conv": Change(model={"layer": "long_conv", "attention_at": ()}),
    "h3": Change(model={"layer": "h3"}),
    "butterfly_mlp": Change(model={"mlp": "butterfly"}),
}
"""`random` and `squash` differ in λ alone. The moving average has 5 taps: after a wider one few initial weights exceed λ.
`fixed` is the learned butterfly's twin, with one filter for each channel."""

_SAME_SIZE = {("cpu", "lm", "transformer"): Change(model={"layers": 5}, training={"lr": 3e-3})}
"""By preset, task and variant: as many parameters as the H3 blocks have, and their learning rate."""

_SMOKE = {"layers": 2, "width": 16, "state": 8, "heads": 2}
_SMOKE_STEPS = {"batch": 8, "epochs": 0, "steps": 12, "accumulate": 1, "log_every": 4, "evaluate_every": 6}
_SMOKE_SIZES = {"train_size": 64, "valid_size": 16, "test_size": 16}
_SMALL = {"layers": 3, "width": 64, "channels": 1, "norm": "batch", "prenorm": True, "heads": 4}
"""On a CPU a batch norm costs a third of a layer norm over the channels of rows, and one filter half of two."""

_FMRI = {
    "layers": 1, "norm": "layer", "dropout": 0.5, "lam": 0.01, "kernel_lr": 1e-4,
}  # fmt: skip
"""Five subjects are little: what is not linear has to be held back, or it learns them by heart."""

_CPU = {"batch": 32, "epochs": 0, "accumulate": 1, "precision": "bf16-mixed", "evaluate_every": 500}
_GPU = {"precision": "bf16-mixed", "workers": 8, "evaluate_every": 1000}


def _smoke(**data: Any) -> Change:
    return Change({**_SMOKE_SIZES, **data}, _SMOKE, _SMOKE_STEPS)


def _cpu(
    steps: int, data: Mapping[str, Any], model: Mapping[str, Any] | None = None, variant: str = "", **training: Any
) -> Change:
    return Change(data, {**_SMALL, **(model or {})}, {**_CPU, "steps": steps, **training}, variant)


CHANGES: dict[str, dict[str, Change]] = {
    "paper": dict.fromkeys(RECIPES, Change()),
    "smoke": {
        "listops": _smoke(min_length=20, max_length=100, length=128),
        "text": _smoke(length=256),
        "retrieval": _smoke(length=256),
        "image": _smoke(),
        "pathfinder": _smoke(size=32),
        "pathx": Change({**dict.fromkeys(_SMOKE_SIZES, 8)}, _SMOKE, {**_SMOKE_STEPS, "batch": 2, "steps": 4}),
        "path256": Change({**dict.fromkeys(_SMOKE_SIZES, 4)}, _SMOKE, {**_SMOKE_STEPS, "batch": 2, "steps": 2}),
        "scifar": _smoke(),
        "lm": Change(
            {
                "corpus": "wikitext2",
                "tokens": "byte",
                "length": 128,
                "train_size": 8192,
                "valid_size": 2048,
                "test_size": 2048,
            },
            {**_SMOKE, "attention_at": (1,)},
            _SMOKE_STEPS,
        ),
        "fmri": Change({"length": 64, "train_size": 32, "test_size": 8}, _SMOKE, _SMOKE_STEPS),
        "fashion": _smoke(),
        "series": Change({}, _SMOKE, {**_SMOKE_STEPS, "batch": 4}),
    },
    "cpu": {
        "listops": _cpu(1500, {"min_length": 100, "max_length": 250, "length": 256, "train_size": 20_000}, lr=0.005),
        # With batch norms' usual momentum the validation figure is noise: .745, then .704 at the end of the schedule.
        "text": _cpu(
            4500,
            {"length": 1024},
            {"kernel_lr": 3e-3, "kernel_dropout": 0.1, "norm_momentum": 0.01},
            variant="geometric",
            batch=16,
            lr=0.005,
        ),
        "retrieval": _cpu(1000, {"length": 1024}, {"norm_momentum": 0.01}, variant="geometric", batch=16, lr=0.005),
        "image": _cpu(1500, {}, {"dropout": 0.0}, variant="geometric"),
        "pathfinder": _cpu(1200, {"size": 32, "train_size": 20_000}, evaluate_every=400),
        "pathx": _cpu(60, {"train_size": 480, "valid_size": 48, "test_size": 96}, batch=4, checkpoint_every=15),
        "path256": _cpu(
            20, {"train_size": 80, "valid_size": 16, "test_size": 32}, {"layers": 2}, batch=4, checkpoint_every=5
        ),
        "scifar": _cpu(1500, {}, {"dropout": 0.0}),
        "lm": Change(
            {"corpus": "wikipedia", "tokens": "byte", "length": 512},
            {"layers": 3, "width": 128, "attention_at": (), "heads": 4, "embed_dropout": 0.0, "init": "geometric"},
            {**_CPU, "batch": 16, "steps": 1000, "lr": 3e-3, "warmup": 0.05},
        ),
        # Chosen by leaving out each of the five subjects, who then all train, as for the autoregression to beat.
        "fmri": _cpu(
            600,
            {"length": 200, "stride": 10, "valid_subjects": 0},
            {**_FMRI, "linear_skip": 8, "linear_skip_lr": 5e-3, "embed_dropout": 0.45},
            variant="geometric",
            batch=8,
            lr=1e-4,
            evaluate_every=300,
        ),
        "fashion": _cpu(800, {}, variant="geometric", evaluate_every=400),
        "series": _cpu(200, {}, variant="geometric", batch=8, checkpoint_every=50),
    },
    "gpu": {
        "listops": Change({}, {}, {**_GPU, "epochs": 8}),
        "text": Change({}, {}, {**_GPU, "epochs": 8}),
        "retrieval": Change({}, {}, {**_GPU, "epochs": 4}),
        "image": Change({}, {}, {**_GPU, "epochs": 12}),
        "pathfinder": Change({}, {}, {**_GPU, "epochs": 6}),
        "pathx": Change({"train_size": 20_000, "valid_size": 1000, "test_size": 2000}, {}, {**_GPU, "epochs": 4}),
        "path256": Change({"train_size": 4000, "valid_size": 200, "test_size": 400}, {}, {**_GPU, "epochs": 2}),
        "scifar": Change({}, {}, {**_GPU, "epochs": 12}),
        "lm": Change(
            {"corpus": "wikitext2", "tokens": "byte", "length": 1024},
            {"layers": 6, "width": 384, "attention_at": (1,), "heads": 6},
            {**_GPU, "batch": 32, "accumulate": 1, "steps": 6000, "lr": 1e-3},
        ),
        "fmri": Change({}, {}, {**_GPU, "workers": 0}),
        "fashion": Change({}, {}, {**_GPU, "epochs": 20}),
        "series": Change({}, {}, {**_GPU, "workers": 0}),
    },
    "ablation": {
        # One head of attention, as the Long Range Arena has it for these images: four take half as long again.
        "scifar": _cpu(250, {"valid_size": 1000, "test_size": 5000}, {"dropout": 0.0, "heads": 1}, evaluate_every=125),
        "listops": _cpu(
            1000, {"min_length": 100, "max_length": 250, "length": 256, "train_size": 20_000}, lr=0.005, evaluate_every=500
        ),
        "text": _cpu(
            4000,
            {"length": 1024},
            {"kernel_lr": 3e-3, "kernel_dropout": 0.1, "norm_momentum": 0.01},
            batch=16,
            lr=0.005,
            evaluate_every=1000,
        ),
    },
}


def config(task: str, preset: str, variant: str | None = None, seed: int = 0) -> Config:
    """Return the config of a task's preset."""
    if task not in RECIPES:
        raise TaskError(f"task is {task!r}: supported are {', '.join(RECIPES)}")
    if preset not in CHANGES or task not in CHANGES[preset]:
        supported = ", ".join(name for name in PRESETS if task in CHANGES[name])
        raise TaskError(f"--preset is {preset!r}: {task} has {supported}")
    recipe = RECIPES[task]
    variant = variant or CHANGES[preset][task].variant or recipe.variant
    if variant not in VARIANTS:
        raise TaskError(f"--variant is {variant!r}: supported are {', '.join(VARIANTS)}")
    options, model, training = dict(recipe.options), recipe.model, recipe.training
    for change in (CHANGES[preset][task], VARIANTS[variant], _SAME_SIZE.get((preset, task, variant), Change())):
        options.update(change.data)
        model, training = replace(model, **change.model), replace(training, **change.training)
    return Config(task, preset, variant, seed, options, model, training)


def data_set(task: str) -> str:
    """Return the name of the task's data set."""
    return RECIPES[task].data


def is_papers(config: Config) -> bool:
    """Tell whether the run is one that the paper tells of, with nothing changed."""
    return config.preset == "paper" and RECIPES[config.task].paper and not changes(config)


def is_current(recorded: Mapping[str, Any]) -> bool:
    """Tell whether a recorded config is what its preset has now. What the record does not know of is at its default."""
    planned = config(*(recorded[key] for key in ("task", "preset", "variant", "seed"))).to_json()
    defaults = Config("", "", "").to_json()
    filled = {part: {**defaults[part], **recorded[part]} for part in ("model", "training")}
    return planned == {**recorded, **filled}


def run_name(config: Config) -> str:
    """Return the run's name, of its task, preset, variant and seed, and of what else differs from the preset."""
    name = f"{config.task}-{config.preset}-{config.variant}-seed{config.seed}"
    return "-".join([name, *changes(config)])


def changes(chosen: Config) -> list[str]:
    """Return what differs from the preset's variant, as key=value, sorted."""
    plain = config(chosen.task, chosen.preset, chosen.variant, chosen.seed)
    found = [f"{key}={value}" for key, value in chosen.data.items() if plain.data.get(key) != value]
    for part in ("model", "training"):
        ours, theirs = getattr(chosen, part), getattr(plain, part)
        found += [f"{key}={value}" for key, value in vars(ours).items() if getattr(theirs, key) != value]
    return sorted(difference.replace("/", "_").replace(" ", "") for difference in found)
