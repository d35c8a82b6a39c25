"""Layers and models of long convolutions."""

from longwing.torch.nn.conv1d import Conv1d
from longwing.torch.nn.filter import LongConvFilter
from longwing.torch.nn.h3 import H3LongConv
from longwing.torch.nn.layer import LongConv
from longwing.torch.nn.model import LongConvModel
from longwing.torch.nn.parameter_groups import parameter_groups

__all__ = ["Conv1d", "H3LongConv", "LongConv", "LongConvFilter", "LongConvModel", "parameter_groups"]
