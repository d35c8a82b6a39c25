// The power of two that brings a row into float16's range: from the largest magnitude of all its points.
#pragma once

#include "device/compat.cuh"

namespace longwing::cuda {

/// 2^exponent, for exponents of normal numbers.
LONGWING_HD float power_of_two(int exponent) { return bit_cast<float>(static_cast<std::uint32_t>(exponent + 127) << 23); }

/// The exponent that brings `largest` into [2^(target-1), 2^target); 0 for 0 and for what is not finite, else within ±126.
LONGWING_HD int scale_exponent(float largest, int target) {
  const int exponent = static_cast<int>(bit_cast<std::uint32_t>(largest) >> 23) - 127;
  if (largest == 0.0f || exponent == 128) return 0;
  const int shift = target - 1 - exponent;
  return shift > 126 ? 126 : shift < -126 ? -126 : shift;
}

/// The larger of |x| and |y|; the other one where one is NaN.
LONGWING_HD float larger_magnitude(float x, float y) { return __builtin_fmaxf(__builtin_fabsf(x), __builtin_fabsf(y)); }

/// The largest of all of the row's threads, by `warps` numbers of shared memory of the row's own. Every thread of the block takes part.
template <int Threads>
LONGWING_HD float largest_of_row(float largest, int thread, float* warps) {
  LONGWING_UNROLL
  for (int distance = 1; distance < (Threads < kWarpThreads ? Threads : kWarpThreads); distance *= 2) {
    largest = larger_magnitude(shuffle_xor(largest, distance), largest);
  }
  if constexpr (Threads > kWarpThreads) {
    if (thread % kWarpThreads == 0) warps[thread / kWarpThreads] = largest;
    block_barrier();
    LONGWING_UNROLL
    for (int warp = 0; warp < Threads / kWarpThreads; ++warp) largest = larger_magnitude(warps[warp], largest);
  }
  return largest;
}

}  // namespace longwing::cuda
