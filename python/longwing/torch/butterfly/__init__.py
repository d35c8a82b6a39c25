"""Learned butterflies: transforms, convolutions and linear layers whose block matrices are trained."""

from longwing.torch.butterfly.conv import ButterflyConv
from longwing.torch.butterfly.linear import ButterflyLinear
from longwing.torch.butterfly.transform import ButterflyTransform

__all__ = ["ButterflyConv", "ButterflyLinear", "ButterflyTransform"]
