// The kernels of rows of one size on the tensor cores.
#pragma once

#include "instances/entry.cuh"
#include "kernel/convolve_rows_tensor.cuh"
#include "kernel/filter_gradient.cuh"
#include "kernel/gradient_rows_tensor.cuh"
#include "kernel/transform_filters_tensor.cuh"

namespace longwing::cuda {

template <int Log2N>
TensorKernels tensor_kernels() {
  constexpr TensorPolicy kPolicy = tensor_policy(Log2N);
  constexpr RowPolicy kFilters = row_policy<float>(Log2N);
  constexpr int kFilterBytes =
      kFilters.shared_bytes(sizeof(float)) + kFilters.rows * TensorPolicy::kMostWarps * static_cast<int>(sizeof(float));
  TensorKernels kernels;
  kernels.policy = kPolicy;
  kernels.convolve = entry<ConvolveArgs, convolve_rows_tensor<Log2N>>(kPolicy.threads(), kPolicy.shared_bytes(), kPolicy.rows);
  kernels.transform_filters = entry<SpectrumArgs, transform_filters_tensor<Log2N>>(kFilters.threads(), kFilterBytes, kFilters.rows);
  if constexpr (kPolicy.gradient) {
    kernels.gradient = entry<RowGradientArgs, gradient_rows_tensor<Log2N>>(kPolicy.threads(), kPolicy.shared_bytes(), kPolicy.rows);
    kernels.finish_filter_gradient = entry<FilterGradientFinishArgs, finish_filter_gradient<float, Log2N, TensorOrder<Log2N>>>(
        kFilters.threads(), kFilters.shared_bytes(sizeof(float)), kFilters.rows);
  }
  return kernels;
}

}  // namespace longwing::cuda
