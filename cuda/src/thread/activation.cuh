// The activations of core/epilogue.h over one number of a thread.
#pragma once

#include "device/compat.cuh"
#include "longwing/types.h"

namespace longwing {

// What core/epilogue.h asks of a number: declared before it, where its templates look for them.
LONGWING_HD float magnitude(float x) { return __builtin_fabsf(x); }
LONGWING_HD double magnitude(double x) { return __builtin_fabs(x); }

/// The smaller of both; NaN stays NaN.
template <class T>
LONGWING_HD T at_most(T x, double limit) {
  return x > static_cast<T>(limit) ? static_cast<T>(limit) : x;
}

template <class T>
LONGWING_HD T select_negative(T x, T if_negative, T otherwise) {
  return x < T(0) ? if_negative : otherwise;
}

LONGWING_HD float times_power_of_two(float p, float shifted) {
  return cuda::bit_cast<float>(cuda::bit_cast<std::uint32_t>(p) + (cuda::bit_cast<std::uint32_t>(shifted) << 23));
}
LONGWING_HD double times_power_of_two(double p, double shifted) {
  return cuda::bit_cast<double>(cuda::bit_cast<std::uint64_t>(p) + (cuda::bit_cast<std::uint64_t>(shifted) << 52));
}

}  // namespace longwing

#include "core/complex.h"
#include "core/epilogue.h"

namespace longwing::cuda {

template <class T>
LONGWING_HD ValueAndDerivative<T> activate(Activation activation, T x) {
  if (activation == Activation::kGelu) return gelu<T>(x);
  if (activation == Activation::kSilu) return silu<T>(x);
  return {x, T(1)};
}

}  // namespace longwing::cuda
