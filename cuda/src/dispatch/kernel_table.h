// The compiled kernels as data: what to launch, and in which shape. No templates, no CUDA headers.
#pragma once

#include <cstdint>

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
  int units = 1;         ///< rows (nodes, tiles of columns) that one block does: a grid has ceil(units of the call / units) blocks
  explicit operator bool() const { return function != nullptr; }
};

/// The kernels of rows of 2^log2n points in one arithmetic; the entries of a row that has none are empty.
struct RowKernels {
  RowPolicy policy;
  KernelEntry convolve, transform_filters, filter_gradient, finish_filter_gradient;
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

}  // namespace longwing::cuda
