// The pointwise functions between the skip term and the post gate, with their derivatives.
#pragma once

#include "core/hd.h"

namespace longwing {

LONGWING_HD float exponential(float x) { return __builtin_expf(x); }
LONGWING_HD double exponential(double x) { return __builtin_exp(x); }
LONGWING_HD float complementary_error(float x) { return __builtin_erfcf(x); }
LONGWING_HD double complementary_error(double x) { return __builtin_erfc(x); }

template <class T>
struct ValueAndDerivative {
  T value, derivative;
};

/// x·Phi(x), Phi the normal distribution function; by erfc, which keeps its relative accuracy for negative x.
template <class T>
LONGWING_HD ValueAndDerivative<T> gelu(T x) {
  constexpr T kSqrtHalf = T(0.70710678118654752440), kDensity = T(0.39894228040143267794);
  const T phi = T(0.5) * complementary_error(-x * kSqrtHalf);
  return {x * phi, phi + x * kDensity * exponential(T(-0.5) * x * x)};
}

/// x / (1 + exp(-x))
template <class T>
LONGWING_HD ValueAndDerivative<T> silu(T x) {
  const T sigmoid = T(1) / (T(1) + exponential(-x));
  return {x * sigmoid, sigmoid * (T(1) + x * (T(1) - sigmoid))};
}

}  // namespace longwing
