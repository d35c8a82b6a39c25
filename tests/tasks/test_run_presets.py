"""The paper preset has the paper's hyperparameters."""

from __future__ import annotations

import pytest

from bench.tasks import presets

# Layers, width, norm, before the layer, bidirectional, λ, the kernel's learning rate and dropout, dropout, learning rate,
# weight decay, batch, epochs. Source: Fu et al., "Simple Hardware-Efficient Long Convolutions for Sequence Modeling", 2023.
PAPER = {
    "listops": (8, 128, "batch", False, False, 0.002, 5e-4, 0.2, 0.0, 0.01, 0.05, 50, 40),
    "text": (6, 256, "batch", True, False, 0.003, 1e-3, 0.2, 0.0, 0.01, 0.05, 16, 32),
    "retrieval": (6, 256, "batch", True, False, 0.004, 1e-4, 0.1, 0.0, 0.01, 0.05, 32, 20),
    "image": (6, 512, "layer", False, False, 0.003, 1e-3, 0.2, 0.1, 0.01, 0.05, 50, 200),
    "pathfinder": (6, 256, "batch", True, True, 0.001, 1e-3, 0.3, 0.0, 0.004, 0.03, 64, 200),
    "pathx": (6, 256, "batch", True, True, 0.001, 5e-4, 0.3, 0.0, 5e-4, 0.05, 16, 50),
    "scifar": (6, 512, "layer", False, False, 0.001, 1e-3, 0.2, 0.1, 0.01, 0.05, 50, 300),
}


@pytest.mark.parametrize("task", PAPER)
def test_the_papers_hyperparameters(task: str) -> None:
    config = presets.config(task, "paper")
    model, training = config.model, config.training
    found = (model.layers, model.width, model.norm, model.prenorm, model.bidirectional, model.lam, model.kernel_lr)
    found += (model.kernel_dropout, model.dropout, training.lr, training.weight_decay, training.batch, training.epochs)
    assert found == PAPER[task]
    assert (config.variant, model.init, model.channels, model.smooth) == ("squash", "random", 2, 0)


@pytest.mark.parametrize(
    ("variant", "init", "regularised"),
    [
        ("random", "random", (False, 0)),
        ("smooth", "random", (False, 2)),
        ("squash", "random", (True, 0)),
        ("both", "random", (True, 2)),
        ("geometric", "geometric", (True, 0)),
    ],
)
@pytest.mark.parametrize("preset", ["cpu", "paper"])
def test_a_variant_is_what_it_says_in_every_preset(
    preset: str, variant: str, init: str, regularised: tuple[bool, int]
) -> None:
    for task in presets.RECIPES:
        model = presets.config(task, preset, variant).model
        assert (model.init, (model.lam > 0, model.smooth)) == (init, regularised)
