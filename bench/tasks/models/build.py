"""From a config and its data to a model."""

from __future__ import annotations

from collections.abc import Iterator

from longwing.torch import H3LongConv, LongConv, LongConvModel
from torch import nn

from bench.tasks.config import Model
from bench.tasks.data import TaskData
from bench.tasks.errors import TaskError
from bench.tasks.models.attention import Attention
from bench.tasks.models.butterfly import ButterflyLongConv
from bench.tasks.models.mlp import Mlp
from bench.tasks.models.s4d import S4D
from bench.tasks.models.skip import LinearSkip
from bench.tasks.models.torch_fft import LongConvOverTorchFft


def build(config: Model, data: TaskData) -> nn.Module:
    """Return :class:`longwing.torch.LongConvModel` with the config's layers in its blocks.

    Encoder, norms, shortcuts and decoder are the same for every layer, so that results differ by the layers alone. A layer
    of attention, and one with an `mlp`, is two blocks.
    """
    parts = list(_parts(config, data))
    language = data.kind == "language_model"
    if language and config.bidirectional:
        raise TaskError("model.bidirectional is True: a language model must not see the future, supported is False")
    if config.linear_skip and data.kind != "regression":
        raise TaskError(f"model.linear_skip is {config.linear_skip}: {data.name} is no regression, supported is 0")
    model = LongConvModel(
        config.width,
        len(parts),
        1,
        d_output=_outputs(data),
        vocabulary=data.vocabulary,
        d_input=data.channels,
        task=data.kind,
        pooling="none" if data.kind == "regression" else config.pooling,
        norm=config.norm,
        prenorm=config.prenorm,
        dropout=config.dropout,
        tie_dropout=config.tie_dropout,
        embed_dropout=config.embed_dropout,
        lam=0.0,
    )
    for block, part in zip(model.blocks, parts, strict=True):
        block.layer = part
    for module in model.modules():
        if isinstance(module, nn.BatchNorm1d):
            module.momentum = config.norm_momentum
    if config.linear_skip and data.channels is not None:
        rate, dropout = config.linear_skip_lr, config.embed_dropout
        return LinearSkip(model, data.channels, config.linear_skip, rate, dropout)
    return model


def _outputs(data: TaskData) -> int:
    outputs = data.channels if data.kind == "regression" else data.classes
    if outputs is None:
        raise TaskError(f"the data of {data.name} say neither how many classes nor how many channels there are")
    return outputs


def _parts(config: Model, data: TaskData) -> Iterator[nn.Module]:
    for index in range(config.layers):
        attends = config.layer == "attention" or index in config.attention_at
        yield _attention(config, data) if attends else _LAYERS[config.layer](config, data)
        if attends or config.mlp != "none":
            yield Mlp(config.width, butterfly=config.mlp == "butterfly")


def _causal(data: TaskData) -> bool:
    return data.kind in ("language_model", "regression")


def _attention(config: Model, data: TaskData) -> nn.Module:
    return Attention(config.width, config.heads, causal=_causal(data), dropout=config.dropout)


def _long_conv(kind: type[LongConv], config: Model, data: TaskData) -> nn.Module:
    return kind(
        config.width,
        data.length,
        config.channels,
        config.bidirectional,
        init=config.init,
        lam=config.lam,
        smooth=config.smooth,
        kernel_dropout=config.kernel_dropout,
        kernel_lr=config.kernel_lr,
        dropout=config.dropout,
        tie_dropout=config.tie_dropout,
    )


def _butterfly(config: Model, data: TaskData) -> nn.Module:
    if _causal(data):
        raise TaskError(f"model.layer is 'butterfly', which is not causal once trained: {data.name} needs a causal one")
    if config.channels != 1 or config.bidirectional:
        raise TaskError("model.layer 'butterfly' needs model.channels=1 and model.bidirectional=False")
    return _long_conv(ButterflyLongConv, config, data)


def _h3(config: Model, data: TaskData) -> nn.Module:
    return H3LongConv(
        config.width,
        data.length,
        init=config.init,
        lam=config.lam,
        smooth=config.smooth,
        kernel_dropout=config.kernel_dropout,
        kernel_lr=config.kernel_lr,
    )


def _s4d(config: Model, data: TaskData) -> nn.Module:
    return S4D(
        config.width,
        config.state,
        bidirectional=config.bidirectional,
        lr=min(config.kernel_lr, 1e-3),
        dropout=config.dropout,
        tie_dropout=config.tie_dropout,
    )


_LAYERS = {
    "long_conv": lambda config, data: _long_conv(LongConv, config, data),
    "torch_fft": lambda config, data: _long_conv(LongConvOverTorchFft, config, data),
    "butterfly": _butterfly,
    "h3": _h3,
    "s4d": _s4d,
}
