"""A few calls of every kind of kernel, for compute-sanitizer, which slows them down a hundredfold."""

from __future__ import annotations

import sys

import longwing
import torch


def main() -> int:
    """Return 1 where a result is not that of torch's float64."""
    worst = 0.0
    for dtype in ("float32", "float64", "float16", "bfloat16"):
        for batch, channels, length in ((5, 3, 100), (2, 2, 3000), (1, 2, 20000)):
            u, dy = (torch.randn(batch, channels, length, device="cuda").to(getattr(torch, dtype)) for _ in range(2))
            k, skip = torch.randn(channels, length, device="cuda"), torch.randn(channels, device="cuda")
            plan = longwing.plan(length=length, filter_length=length, channels=channels, dtype=dtype, device="cuda")
            spectrum = plan.spectrum(k)
            y = plan.forward(u, spectrum, skip=skip)
            plan.backward(dy, u, spectrum, skip=skip, pre_gate=u, post_gate=dy, activation="gelu")
            n = 2 * length
            right = torch.fft.irfft(torch.fft.rfft(u.double(), n) * torch.fft.rfft(k.double(), n), n)[..., :length]
            right += skip[:, None] * u.double()
            worst = max(worst, float((y.double() - right).norm() / right.norm()))
    print(f"largest relative error {worst:.1e}")
    return int(worst > 5e-3)


if __name__ == "__main__":
    sys.exit(main())
