"""The filter of `longwing demo`: what a large church does to the intensity of a sound."""

from __future__ import annotations

import math

import numpy
from numpy.typing import NDArray

REVERBERATION_TIME = 6.0
"""Seconds in which the sound falls by 60 dB: a large stone church."""


def energy_response(samples: int, rate: float) -> NDArray[numpy.float64]:
    """Return h(t)² for `samples` samples at `rate` a second, with sum 1: how an instant of sound dies away.

    h is Polack's statistical room, Gaussian noise under an exponential decay: h(t) = b(t) exp(-3 ln(10) t / T), T the
    reverberation time. In a diffuse field reflections add in power, so that the intensity at a listener is the
    source's intensity convolved with h² (Houtgast and Steeneken, "The modulation transfer function in room acoustics as
    a predictor of speech intelligibility", Acustica 28, 1973). The noise has a fixed seed. Since it is noise, no
    recursive filter of a few taps computes the same thing.
    """
    time = numpy.arange(samples) / rate
    noise = numpy.random.default_rng(1973).standard_normal(samples)
    response = (noise * numpy.exp(-3 * math.log(10) * time / REVERBERATION_TIME)) ** 2
    total: NDArray[numpy.float64] = response / response.sum()
    return total
