"""What a run is made of: frozen, typed, and the same in JSON."""

from __future__ import annotations

import json
import typing
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal, TypeVar

from bench.tasks.errors import TaskError

Layer = Literal["long_conv", "torch_fft", "butterfly", "s4d", "attention", "h3"]
Precision = Literal["32-true", "bf16-mixed", "16-mixed"]
Section = TypeVar("Section")


@dataclass(frozen=True)
class Model:
    """An isotropic residual model; the defaults are those of the paper where it has one for all tasks."""

    layer: Layer = "long_conv"
    layers: int = 6
    width: int = 256
    channels: int = 2
    """C, filters of each channel."""

    norm: Literal["layer", "batch"] = "batch"
    norm_momentum: float = 0.1
    """Of batch norms: weight of a step's means in those that evaluation takes."""

    prenorm: bool = True
    bidirectional: bool = False
    pooling: Literal["mean", "max", "last"] = "mean"
    dropout: float = 0.0
    tie_dropout: bool = False
    embed_dropout: float = 0.0
    init: Literal["random", "geometric"] = "random"
    lam: float = 0.003
    smooth: int = 0
    """p: a moving average over 2p+1 taps."""

    kernel_dropout: float = 0.2
    kernel_lr: float = 1e-3
    state: int = 64
    """N of S4D."""

    heads: int = 4
    mlp: Literal["none", "dense", "butterfly"] = "none"
    """What follows each layer of a language model. Attention is always followed by one, the dense one for "none"."""

    attention_at: tuple[int, ...] = ()
    """Layers, from 0, that are attention whatever `layer` says."""

    linear_skip: int = 0
    """Regression: taps of a filter for each channel, added to the answer with a linear map of the last input, which has
    `embed_dropout`."""

    linear_skip_lr: float = 0.01


@dataclass(frozen=True)
class Training:
    """AdamW, a linear warm-up and a cosine to 0; exactly one of `epochs` and `steps` is not 0."""

    batch: int = 50
    epochs: int = 0
    steps: int = 0
    lr: float = 0.01
    weight_decay: float = 0.05
    warmup: float = 0.05
    """Share of the steps."""

    clip: float = 0.0
    """Largest norm of the gradient; 0: any."""

    accumulate: int = 1
    precision: Precision = "32-true"
    log_every: int = 50
    evaluate_every: int = 0
    """Steps from one evaluation on the validation set to the next; 0: at the end alone."""

    checkpoint_every: int = 200
    workers: int = 0
    """Processes that load data."""


@dataclass(frozen=True)
class Config:
    """One run."""

    task: str
    preset: str
    variant: str
    seed: int = 0
    data: Mapping[str, Any] = field(default_factory=dict)
    """Options of the data set."""

    model: Model = field(default_factory=Model)
    training: Training = field(default_factory=Training)

    def to_json(self) -> dict[str, Any]:
        """Return the config as JSON has it."""
        return typing.cast(dict[str, Any], json.loads(json.dumps(asdict(self))))


def override(config: Config, settings: typing.Iterable[str]) -> Config:
    """Return the config with each ``section.key=value`` set: data.length=512, model.lam=0.001, training.batch=8, seed=3."""
    for setting in settings:
        path, equals, text = setting.partition("=")
        section, dot, key = path.partition(".")
        if not equals:
            raise TaskError(f"--set takes key=value, got {setting!r}")
        if section == "seed" and not dot:
            config = replace(config, seed=_parse(int, "seed", text))
        elif section == "data" and key:
            config = replace(config, data={**config.data, key: _literal(text)})
        elif section == "model" and key:
            config = replace(config, model=_replaced(config.model, path, key, text))
        elif section == "training" and key:
            config = replace(config, training=_replaced(config.training, path, key, text))
        else:
            raise TaskError(f"--set {setting}: supported are seed, data.KEY, model.KEY and training.KEY")
    return config


def _replaced(section: Section, path: str, key: str, text: str) -> Section:
    types = typing.get_type_hints(type(section))
    if key not in types:
        supported = ", ".join(f.name for f in fields(section))  # type: ignore[arg-type]
        raise TaskError(f"--set {path} is not supported: {supported} are")
    return replace(section, **{key: _parse(types[key], path, text)})  # type: ignore[type-var]


def _parse(kind: Any, path: str, text: str) -> Any:
    if typing.get_origin(kind) is Literal:
        if text not in typing.get_args(kind):
            raise TaskError(f"{path} is {text!r}: supported are {', '.join(typing.get_args(kind))}")
        return text
    if typing.get_origin(kind) is tuple:
        return tuple(_parse(int, path, part) for part in text.split(",") if part)
    if kind is bool:
        if text.lower() not in ("true", "false"):
            raise TaskError(f"{path} is {text!r}: supported are true and false")
        return text.lower() == "true"
    try:
        return kind(text)
    except ValueError as error:
        raise TaskError(f"{path} is {text!r}: supported is {kind.__name__}") from error


def _literal(text: str) -> Any:
    """A number, true, false or null as JSON has them, else the text itself."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text
