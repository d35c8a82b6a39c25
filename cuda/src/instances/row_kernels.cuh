// The kernels of rows of one size in one compute type.
#pragma once

#include "instances/entry.cuh"
#include "kernel/convolve_rows.cuh"
#include "kernel/filter_gradient.cuh"
#include "kernel/transform_filters.cuh"

namespace longwing::cuda {

template <class T, int Log2N>
RowKernels row_kernels() {
  constexpr RowPolicy kPolicy = row_policy<T>(Log2N);
  constexpr int kThreads = kPolicy.threads(), kShared = kPolicy.shared_bytes(sizeof(T)), kBlocks = kPolicy.blocks;
  return {.policy = kPolicy,
          .convolve = entry<ConvolveArgs, convolve_rows<T, Log2N>>(kThreads, kShared, kPolicy.rows, kBlocks),
          .transform_filters = entry<SpectrumArgs, transform_filters<T, Log2N>>(kThreads, kShared, kPolicy.rows, kBlocks),
          .filter_gradient = entry<FilterGradientArgs, filter_gradient<T, Log2N>>(kThreads, kShared, kPolicy.rows, kBlocks),
          .finish_filter_gradient = entry<FilterGradientFinishArgs, finish_filter_gradient<T, Log2N, ThreadOrder<T, Log2N>>>(
              kThreads, kShared, kPolicy.rows, kBlocks)};
}

}  // namespace longwing::cuda
