"""The operation and its gradients as operators of torch's dispatcher, with what torch's transforms need to know of them."""

from longwing.torch.operator import autocast, fake, kernels
from longwing.torch.operator.calls import forward

__all__ = ["autocast", "fake", "forward", "kernels"]
