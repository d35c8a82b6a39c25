"""The operation and its gradients as operators of torch's dispatcher, with what torch's transforms need to know of them."""

from longwing.torch.operator import autocast, autograd, fake, kernels, vmap
from longwing.torch.operator.autograd import forward

__all__ = ["autocast", "autograd", "fake", "forward", "kernels", "vmap"]
