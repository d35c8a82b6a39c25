"""Convolution with the signatures, shapes, dtypes and exceptions of scipy.signal 1.17, computed by longwing.

Needs NumPy, and scipy not at all. Results are NumPy arrays; there are no gradients.
"""

from longwing.scipy._choice import choose_conv_method
from longwing.scipy._convolve import convolve, correlate
from longwing.scipy._fftconvolve import fftconvolve, oaconvolve

__all__ = ["choose_conv_method", "convolve", "correlate", "fftconvolve", "oaconvolve"]
