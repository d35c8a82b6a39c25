"""ButterflyLinear: a linear layer whose matrix is a product of block-diagonal ones."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch

from longwing._core import LongwingTypeError, LongwingValueError
from longwing.torch.butterfly.monarch import project
from longwing.torch.checks import check_count, check_dtype


class ButterflyLinear(torch.nn.Module):
    r"""y = M·x + bias in place of ``torch.nn.Linear``, with M a butterfly: `order` factors of small dense blocks.

    The input, zero padded to i_1·…·i_p, is indexed by digits (j_1 … j_p), row-major. Stage s replaces the digit j_s < i_s
    by a_s < o_s with a matrix of its own for every value of the other digits:

    z[a_1 … a_s, j_{s+1} … j_p] = Σ_{j_s} F_s[a_1 … a_{s-1}, j_{s+1} … j_p; a_s, j_s] · z[a_1 … a_{s-1}, j_s … j_p].

    The output's index is (a_p … a_1), row-major, cut to out_features: the form of :class:`ButterflyTransform`, with the
    twiddles absorbed and no matrix shared. Two factors are the Monarch matrices of Dao et al., 2022: 2·n^1.5 parameters in
    place of n² for n features on both sides.

    Both feature counts are padded to the smallest product of `order` factors of which none is more than twice another;
    equal products take the most equal factors, smallest first. 768 is 24·32 and 3072 is 48·64, without padding.

    Args:
        in_features, out_features: sizes of the last dimension.
        bias: add a learned bias.
        order: the number of factors p, from 2.
        device, dtype: of the parameters.

    Initially the entries of F_s are uniform with variance 3^(-1/p)/i_s, so that M·x has the variance of nn.Linear's, and
    the bias is nn.Linear's.

    Raises LongwingValueError or LongwingTypeError, naming the argument, its value and what is supported.

    Source: Fu et al., Simple Hardware-Efficient Long Convolutions for Sequence Modeling, 2023, section 3; Dao et al.,
    Monarch: Expressive Structured Matrices for Efficient and Accurate Training, 2022.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        order: int = 2,
        device: torch.device | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.in_features = check_count("in_features", in_features)
        self.out_features = check_count("out_features", out_features)
        if check_count("order", order) < 2:
            raise LongwingValueError("order must be at least 2, got 1: one factor is the dense matrix, torch.nn.Linear")
        self.inputs, self.outputs = digits(in_features, order), digits(out_features, order)
        self.factors = torch.nn.ParameterList()
        for stage in range(order):
            others = math.prod(self.outputs[:stage]), math.prod(self.inputs[stage + 1 :])
            shape = (*others, self.outputs[stage], self.inputs[stage])
            self.factors.append(torch.nn.Parameter(torch.empty(shape, device=device, dtype=dtype)))
        self.bias = torch.nn.Parameter(torch.empty(out_features, device=device, dtype=dtype)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw every factor and the bias anew."""
        for factor in self.factors:
            variance = 3 ** (-1 / len(self.factors)) / factor.shape[-1]
            torch.nn.init.uniform_(factor, -math.sqrt(3 * variance), math.sqrt(3 * variance))
        if self.bias is not None:
            bound = 1 / math.sqrt(self.in_features)
            torch.nn.init.uniform_(self.bias, -bound, bound)

    @classmethod
    def from_linear(cls, linear: torch.nn.Linear) -> ButterflyLinear:
        """Return the two-factor layer that is nearest to `linear`: its matrix minimises ‖M - linear.weight‖ (Frobenius).

        For every pair (a_1, j_2) the entries of a two-factor M are an outer product over (a_2, j_1), and these blocks
        partition M, so the best rank-1 approximation of each, by its singular value decomposition, is the best M. It is
        exact where the dense matrix is a two-factor butterfly. Computed in float64. The bias, dtype and device are
        `linear`'s.
        """
        if not isinstance(linear, torch.nn.Linear):
            raise LongwingTypeError(f"linear must be a torch.nn.Linear, got {type(linear).__name__}")
        weight = linear.weight.detach()
        layer = cls(
            linear.in_features,
            linear.out_features,
            linear.bias is not None,
            device=weight.device,
            dtype=weight.dtype,
        )
        with torch.no_grad():
            for factor, value in zip(layer.factors, project(weight, layer.inputs, layer.outputs), strict=True):
                factor.copy_(value)
            if layer.bias is not None:
                layer.bias.copy_(linear.bias)
        return layer

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return y (…, out_features) for x (…, in_features) of the parameters' dtype, or any under autocast."""
        check_dtype("x", x, self.factors[0].dtype)
        if x.ndim < 1 or x.shape[-1] != self.in_features:
            raise LongwingValueError(f"x must be (…, {self.in_features}), in_features, got shape {tuple(x.shape)}")
        y = self._multiply(x)
        return y if self.bias is None else y + self.bias

    def to_dense(self) -> torch.Tensor:
        """Return M (out_features, in_features), differentiable."""
        factor = self.factors[0]
        return self._multiply(torch.eye(self.in_features, device=factor.device, dtype=factor.dtype)).mT

    def _multiply(self, x: torch.Tensor) -> torch.Tensor:
        batch = math.prod(x.shape[:-1])
        missing = math.prod(self.inputs) - self.in_features
        state = torch.nn.functional.pad(x, (0, missing)) if missing else x
        for factor in self.factors:
            left, right, _, points = factor.shape
            state = torch.einsum("blir,lroi->blor", state.reshape(batch, left, points, right), factor)
        order = len(self.outputs)
        y = state.reshape(batch, *self.outputs).permute(0, *range(order, 0, -1)).flatten(1)
        return y[:, : self.out_features].reshape(*x.shape[:-1], self.out_features)

    def extra_repr(self) -> str:
        return f"{self.in_features}, {self.out_features}, bias={self.bias is not None}, {self.inputs} -> {self.outputs}"


def digits(features: int, order: int) -> tuple[int, ...]:
    """Return the factors, smallest first and none over twice another, with the smallest product >= features."""
    root = features ** (1 / order)
    return min(_products(features, order, max(1, int(root / 2)), math.ceil(2 * root)), key=lambda f: (math.prod(f), f[-1]))


def _products(features: int, count: int, least: int, most: int) -> Iterator[tuple[int, ...]]:
    """Yield non-decreasing tuples of `count` factors from `least` to `most`, the last as small as reaches `features`."""
    if count == 1:
        last = max(least, features)
        if last <= most:
            yield (last,)
        return
    for first in range(least, most + 1):
        for rest in _products(-(-features // first), count - 1, first, min(most, 2 * first)):
            yield (first, *rest)
