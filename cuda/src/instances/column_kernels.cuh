// The kernels of one compute type that are not of one row size.
#pragma once

#include "instances/entry.cuh"
#include "kernel/columns.cuh"
#include "kernel/skip_gradient.cuh"

namespace longwing::cuda {

template <class T, int R>
ColumnKernels column_kernels() {
  constexpr int kShared = kColumnThreads * R * 2 * sizeof(T);
  return {.radix = R,
          .split = entry<ColumnArgs, split_columns<T, R>>(kColumnThreads, kShared, kColumnThreads),
          .merge = entry<ColumnArgs, merge_columns<T, R>>(kColumnThreads, kShared, kColumnThreads)};
}

template <class T>
KernelEntry skip_gradient_kernel() {
  return entry<SkipGradientArgs, skip_gradient<T>>(kSkipThreads, kSkipThreads * sizeof(double), 1);
}

}  // namespace longwing::cuda
