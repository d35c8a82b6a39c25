// The compiled kernels as data: what to launch, and in which shape. No templates, no CUDA headers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "device/arguments.h"
#include "policy/policy.h"
#include "policy/tensor_layout.h"

namespace longwing::cuda {

/// One kernel. All kernels take one struct of device/arguments.h by value; `function` is what the CUDA runtime launches, `invoke`
/// (null in a CUDA build) runs one thread of it on the simulation.
struct KernelEntry {
  const void* function = nullptr;
  void (*invoke)(const void* args) = nullptr;
  int threads = 0;       ///< of a block
  int shared_bytes = 0;  ///< dynamic shared memory of a block
  std::size_t args_bytes = 0;
  int units = 1;    ///< rows (nodes, tiles of columns) that a block or a cluster does: a grid has ceil(the call's / units) of them
  int cluster = 1;  ///< blocks that share their shared memory (compute capability 9.0 and later)
  explicit operator bool() const { return function != nullptr; }
};

/// The kernels of rows of 2^log2n points in one arithmetic; the entries of a row that has none are empty.
struct RowKernels {
  RowPolicy policy;
  KernelEntry convolve, transform_filters, filter_gradient, finish_filter_gradient;
  KernelEntry convolve_filters;  ///< both of the first two in one; empty where registers don't hold both
};

/// The kernels of rows of float16 and bfloat16 on the tensor cores, which take the place of RowKernels' in one pass. `gradient` makes du
/// too; where it is empty, as its finish is, gradients of filters are those of RowKernels.
struct TensorKernels {
  TensorPolicy policy;
  KernelEntry convolve, transform_filters, gradient, finish_filter_gradient;
};

/// Passes over columns by one radix.
struct ColumnKernels {
  int radix = 0;
  KernelEntry split, merge;
};

constexpr int kMaxLog2n = 16;

/// All kernels of one arithmetic.
struct KernelTable {
  Arithmetic arithmetic = Arithmetic::kFloat32;
  RowKernels rows[kMaxLog2n + 1];       ///< by log2n
  TensorKernels tensor[kMaxLog2n + 1];  ///< by log2n, of float32 alone
  ColumnKernels columns[4];             ///< radix 2, 4, 8, 16
  KernelEntry skip_gradient;
};

/// The table of an arithmetic.
const KernelTable& kernel_table(Arithmetic arithmetic);

/// action(entry) for every kernel of every table that there is.
template <class Action>
void for_each_kernel(const Action& action) {
  const auto each = [&](std::initializer_list<KernelEntry> kernels) {
    for (const KernelEntry& kernel : kernels) {
      if (kernel) action(kernel);
    }
  };
  for (const Arithmetic arithmetic : {Arithmetic::kFloat32, Arithmetic::kFloat64}) {
    const KernelTable& table = kernel_table(arithmetic);
    for (const RowKernels& row : table.rows)
      each({row.convolve, row.transform_filters, row.filter_gradient, row.finish_filter_gradient, row.convolve_filters});
    for (const TensorKernels& row : table.tensor) each({row.convolve, row.transform_filters, row.gradient, row.finish_filter_gradient});
    for (const ColumnKernels& column : table.columns) each({column.split, column.merge});
    each({table.skip_gradient});
  }
}

}  // namespace longwing::cuda
