"""longwing for PyTorch: the operation with gradients, and layers and models made of it."""

from longwing.torch.butterfly import ButterflyConv, ButterflyLinear, ButterflyTransform
from longwing.torch.conv import long_conv
from longwing.torch.functional import init_geometric, init_random, smooth, smooth_frequency, squash
from longwing.torch.nn import Conv1d, H3LongConv, LongConv, LongConvFilter, LongConvModel, parameter_groups

__all__ = [
    "ButterflyConv",
    "ButterflyLinear",
    "ButterflyTransform",
    "Conv1d",
    "H3LongConv",
    "LongConv",
    "LongConvFilter",
    "LongConvModel",
    "init_geometric",
    "init_random",
    "long_conv",
    "parameter_groups",
    "smooth",
    "smooth_frequency",
    "squash",
]
