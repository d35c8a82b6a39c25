"""longwing for PyTorch: the operation with gradients."""

from longwing.torch.conv import long_conv

__all__ = ["long_conv"]
