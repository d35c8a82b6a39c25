"""A model of long convolutions, from tokens or signals to an answer."""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import nn

from longwing._core import LongwingTypeError, LongwingValueError
from longwing.torch.checks import (
    check_choice,
    check_count,
    check_flag,
    check_integers,
    check_probability,
    holds_integers,
)
from longwing.torch.nn.block import Norm, ResidualBlock, new_norm
from longwing.torch.nn.decoder import POOLINGS, PooledDecoder, Pooling, RetrievalDecoder
from longwing.torch.nn.gated_linear import SignalEncoder
from longwing.torch.nn.layer import LongConv

Task = Literal["classification", "regression", "retrieval", "language_model"]
TASKS: tuple[Task, ...] = ("classification", "regression", "retrieval", "language_model")


class LongConvModel(nn.Module):
    """An encoder, isotropic residual blocks of :class:`~longwing.torch.LongConv`, and a decoder.

    Each block is x + dropout(layer(norm(x))) with `prenorm`, and a norm follows the last; else norm(x + dropout(layer(x))).

    ================  ==========================================  ============================================
    task              input                                       output
    ================  ==========================================  ============================================
    classification    (B, L) tokens or (B, L, d_input) signals    (B, d_output)
    regression        the same                                    (B, d_output)
    retrieval         (B, 2, L) or (B, 2, L, d_input): two        (B, d_output), from both pooled features,
                      sequences to compare                        their product and their difference
    language_model    (B, L)                                      (B, L, d_output), causal but for a batch norm
    ================  ==========================================  ============================================

    Parameters
    ----------
    d_model, n_layers, l_max : int
        H, the number of blocks, and the taps of each filter.
    d_output : int
        Classes, targets, or the vocabulary of a language model.
    vocabulary, d_input : int
        What the encoder takes, exactly one of the two: integers below `vocabulary`, or signals of `d_input` channels.
    task : {"classification", "regression", "retrieval", "language_model"}
        The decoder, as above.
    pooling : {"mean", "max", "last", "none"}
        From L samples to one. "none" answers at every sample, (B, L, d_output): classification and regression only. A
        language model always does.
    norm : {"layer", "batch"}
        Over the channels of a sample, or over the batch and its samples. A language model is causal in training and
        evaluation with "layer". With "batch" it is causal in evaluation only: in training a batch norm's mean and variance
        are those of all samples, so that an output depends on later samples too, and on the other sequences.
    prenorm : bool
        Where the norm is.
    dropout, tie_dropout
        Those of the layers, and of their results in the blocks.
    embed_dropout : float
        Dropout of the encoder's values.
    **layer
        Further arguments of :class:`~longwing.torch.LongConv`: `channels`, `bidirectional`, `reverse_lag`, `init`, `lam`,
        `smooth`, `smooth_frequency`, `kernel_dropout`, `kernel_lr`. There is no `layout`.

    Attributes
    ----------
    encoder, blocks, norm, decoder : torch.nn.Module

    Raises
    ------
    LongwingValueError, LongwingTypeError
        An argument out of range or of a wrong type, a bidirectional language model, a `layout`; in forward, an input of
        another shape or dtype, `lengths` that are no integers or of another shape, or that nothing is pooled by.

    Notes
    -----
    Source: Fu et al., "Simple Hardware-Efficient Long Convolutions for Sequence Modeling", ICML 2023.
    """

    def __init__(
        self,
        d_model: int,
        n_layers: int,
        l_max: int,
        *,
        d_output: int,
        vocabulary: int | None = None,
        d_input: int | None = None,
        task: Task = "classification",
        pooling: Pooling = "mean",
        norm: Norm = "layer",
        prenorm: bool = True,
        dropout: float = 0.0,
        tie_dropout: bool = False,
        embed_dropout: float = 0.0,
        **layer: Any,
    ) -> None:
        super().__init__()
        check_count("n_layers", n_layers)
        check_count("d_output", d_output)
        check_choice("task", task, TASKS)
        check_choice("pooling", pooling, POOLINGS)
        check_flag("prenorm", prenorm)
        if "layout" in layer:
            raise LongwingValueError(
                "layout is not supported: tokens are (B, L), signals (B, L, d_input), and layers of a model pass "
                f"(B, H, L) on; got layout={layer['layout']!r}"
            )
        if task == "language_model" and layer.get("bidirectional") is True:
            raise LongwingValueError(
                "bidirectional=True is not supported for task='language_model', which must not see the future"
            )
        self.task: Task = task
        self.tokens = _takes_tokens(vocabulary, d_input)
        self.d_input = d_input
        self.blocks = nn.ModuleList(
            ResidualBlock(
                LongConv(d_model, l_max, dropout=dropout, tie_dropout=tie_dropout, **layer),
                d_model,
                norm=norm,
                prenorm=prenorm,
                dropout=dropout,
                tie_dropout=tie_dropout,
            )
            for _ in range(n_layers)
        )
        self.encoder = nn.Embedding(vocabulary, d_model) if vocabulary else SignalEncoder(d_input or 0, d_model)
        self.embed_dropout = nn.Dropout(check_probability("embed_dropout", embed_dropout))
        self.norm = new_norm(norm, d_model) if prenorm else nn.Identity()
        if task == "retrieval":
            self.decoder: nn.Module = RetrievalDecoder(d_model, d_output, pooling)
        else:
            self.decoder = PooledDecoder(d_model, d_output, "none" if task == "language_model" else pooling)

    def forward(self, x: torch.Tensor, lengths: torch.Tensor | None = None) -> torch.Tensor:
        """Return the answers to x.

        `lengths` (B,), for retrieval (B, 2), are the samples of each sequence, from 1 to L, without what it was padded
        with: only they are pooled. None: L. Causal layers let no padding that follows reach them; bidirectional ones and
        batch norms see it. With pooling "none", and in a language model, nothing is pooled and `lengths` must be None.
        """
        self._check_input(x)
        if self.task == "retrieval":
            lengths = None if lengths is None else _flat_lengths(lengths, x.shape[0])
            x = x.flatten(0, 1)
        rows = self.embed_dropout(self.encoder(x)).mT.contiguous()
        for block in self.blocks:
            rows = block(rows)
        result: torch.Tensor = self.decoder(self.norm(rows), lengths)
        return result

    def _check_input(self, x: torch.Tensor) -> None:
        expected = "integer tokens" if self.tokens else "floating signals"
        if not isinstance(x, torch.Tensor):
            raise LongwingTypeError(f"x must be a torch.Tensor of {expected}, got {type(x).__name__}")
        if not (holds_integers(x) if self.tokens else x.dtype.is_floating_point):
            raise LongwingTypeError(f"x must hold {expected}, got dtype {x.dtype}")
        axes = (["B"] + ["2"] * (self.task == "retrieval")) + ["L"] + ([] if self.tokens else [f"d_input={self.d_input}"])
        fits = x.ndim == len(axes) and (self.task != "retrieval" or x.shape[1] == 2)
        if not fits or (not self.tokens and x.shape[-1] != self.d_input) or x.shape[axes.index("L")] < 1:
            raise LongwingValueError(f"x must have shape ({', '.join(axes)}) with L >= 1, got {tuple(x.shape)}")


def _flat_lengths(lengths: torch.Tensor, batch: int) -> torch.Tensor:
    """Return retrieval's `lengths` (B, 2) as (2B,)."""
    check_integers("lengths", lengths)
    if lengths.shape != (batch, 2):
        raise LongwingValueError(f"lengths must have shape ({batch}, 2), one a sequence, got {tuple(lengths.shape)}")
    return lengths.flatten()


def _takes_tokens(vocabulary: int | None, d_input: int | None) -> bool:
    if (vocabulary is None) == (d_input is None):
        raise LongwingValueError(
            f"vocabulary, for tokens, or d_input, for signals, must be given, one of the two: got {vocabulary=}, {d_input=}"
        )
    if vocabulary is None:
        check_count("d_input", d_input)
        return False
    check_count("vocabulary", vocabulary)
    return True
