// The kernels of rows of one size in one compute type.
#pragma once

#include "instances/entry.cuh"
#include "kernel/convolve_rows.cuh"

namespace longwing::cuda {

template <class T, int Log2N>
RowKernels row_kernels() {
  constexpr RowPolicy kPolicy = row_policy<T>(Log2N);
  constexpr int kThreads = kPolicy.threads(), kShared = kPolicy.shared_bytes(sizeof(T));
  return {.policy = kPolicy,
          .convolve = entry<ConvolveArgs, convolve_rows<T, Log2N>>(kThreads, kShared, kPolicy.rows),
          .transform_filters = {},
          .filter_gradient = {},
          .finish_filter_gradient = {}};
}

}  // namespace longwing::cuda
