// The kernels of rows of one size in one compute type.
#pragma once

#include "instances/entry.cuh"
#include "kernel/convolve_filters.cuh"
#include "kernel/convolve_rows.cuh"
#include "kernel/filter_gradient.cuh"
#include "kernel/transform_filters.cuh"

namespace longwing::cuda {

template <class T, int Log2N>
RowKernels row_kernels() {
  constexpr RowPolicy kPolicy = row_policy<T>(Log2N);
  constexpr int kThreads = kPolicy.threads(), kShared = kPolicy.shared_bytes(sizeof(T)), kBlocks = kPolicy.blocks;
  RowKernels kernels;
  kernels.policy = kPolicy;
  kernels.convolve = entry<ConvolveArgs, convolve_rows<T, Log2N>>(kThreads, kShared, kPolicy.rows, kBlocks);
  kernels.transform_filters = entry<SpectrumArgs, transform_filters<T, Log2N>>(kThreads, kShared, kPolicy.rows, kBlocks);
  if constexpr (!kPolicy.stash) {
    kernels.convolve_filters = entry<FilterConvolveArgs, convolve_filters<T, Log2N>>(kThreads, kShared, kPolicy.rows);
  }
  kernels.filter_gradient = entry<FilterGradientArgs, filter_gradient<T, Log2N>>(kThreads, kShared, kPolicy.rows, kBlocks);
  kernels.finish_filter_gradient =
      entry<FilterGradientFinishArgs, finish_filter_gradient<T, Log2N, ThreadOrder<T, Log2N>>>(kThreads, kShared, kPolicy.rows, kBlocks);
  return kernels;
}

}  // namespace longwing::cuda
