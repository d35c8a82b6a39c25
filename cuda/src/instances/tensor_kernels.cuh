// The kernels of rows of one size on the tensor cores.
#pragma once

#include "instances/entry.cuh"
#include "kernel/convolve_rows_tensor.cuh"
#include "kernel/transform_filters_tensor.cuh"

namespace longwing::cuda {

template <int Log2N>
TensorKernels tensor_kernels() {
  constexpr TensorPolicy kPolicy = tensor_policy(Log2N);
  constexpr RowPolicy kFilters = row_policy<float>(Log2N);
  constexpr int kFilterBytes =
      kFilters.shared_bytes(sizeof(float)) + kFilters.rows * TensorPolicy::kMostWarps * static_cast<int>(sizeof(float));
  return {.policy = kPolicy,
          .convolve = entry<ConvolveArgs, convolve_rows_tensor<Log2N>>(kPolicy.threads(), kPolicy.shared_bytes(), kPolicy.rows),
          .transform_filters = entry<SpectrumArgs, transform_filters_tensor<Log2N>>(kFilters.threads(), kFilterBytes, kFilters.rows)};
}

}  // namespace longwing::cuda
