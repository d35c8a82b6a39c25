// What an engine keeps between calls: the shape of its transforms, their tables on the device, the kernels for them.
#pragma once

#include <algorithm>
#include <cstddef>

#include "core/index_map.h"
#include "dispatch/device_runtime.h"
#include "dispatch/tensor_tables.h"
#include "dispatch/transform_shape.h"
#include "dispatch/twiddle_tables.h"
#include "longwing/spec.h"

namespace longwing::cuda {

/// The kernels' compute type for arrays of a dtype.
constexpr Arithmetic arithmetic_of(DType dtype) { return dtype == DType::kFloat64 ? Arithmetic::kFloat64 : Arithmetic::kFloat32; }

constexpr std::int64_t kFewRows = 2;  ///< see EngineState::filters_in_kernel

/// Workspace of a call, freed in the stream's order.
class Workspace {
 public:
  Workspace(DeviceRuntime& runtime, std::size_t bytes, void* stream)
      : runtime_(runtime), stream_(stream), memory_(bytes > 0 ? runtime.allocate(bytes, stream) : nullptr) {}
  ~Workspace() {
    if (memory_) runtime_.free(memory_, stream_);
  }
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;
  std::byte* data() const { return static_cast<std::byte*>(memory_); }

 private:
  DeviceRuntime& runtime_;
  void* stream_;
  void* memory_;
};

struct EngineState {
  EngineState(const ConvSpec& spec, DeviceRuntime& runtime);
  ~EngineState();
  EngineState(const EngineState&) = delete;
  EngineState& operator=(const EngineState&) = delete;

  ConvSpec spec;
  LagMap map;
  DeviceRuntime& runtime;
  DeviceLimits limits;
  Arithmetic arithmetic;
  const KernelTable& kernels;
  TransformShape shape;
  const RowKernels& row;
  const TensorKernels* tensor;  ///< rows of half precision in one pass are convolved by these; null: by `row`
  HostTwiddles twiddles;        ///< offsets; the bytes are on the device alone
  std::size_t twiddle_bytes = 0;
  std::byte* device_twiddles = nullptr;
  std::byte* device_tensor_tables = nullptr;  ///< behind the twiddles, null without `tensor`

  DType compute_dtype() const { return arithmetic == Arithmetic::kFloat64 ? DType::kFloat64 : DType::kFloat32; }
  std::size_t number_bytes() const { return size_of(compute_dtype()); }
  bool gradients_by_tensor() const { return tensor && tensor->gradient; }
  /// Filters of so few rows are transformed inside the kernel that convolves: a spectrum in memory is written once and read as often.
  bool filters_in_kernel(std::int64_t rows_per_filter) const {
    return row.convolve_filters && !tensor && shape.column_radices.empty() && rows_per_filter <= kFewRows;
  }
  /// Of the n complex numbers of one transform.
  std::size_t transform_bytes() const { return static_cast<std::size_t>(shape.n()) * 2 * number_bytes(); }
  /// Of the spectrum of one filter row.
  std::size_t spectrum_bytes() const {
    return tensor ? static_cast<std::size_t>(tensor_spectrum_bytes(static_cast<int>(shape.n()))) : transform_bytes();
  }
  /// Of the workspace that one row goes through in the three-pass form, 0 in one pass.
  std::size_t column_bytes(const Window& window) const {
    return shape.column_radices.empty() ? 0 : static_cast<std::size_t>(window.segments) * transform_bytes();
  }
  /// Tables of the passes within a row, and of one column pass.
  TwiddleTables row_twiddles() const;
  TwiddleTables column_twiddles(std::size_t pass) const;
  /// Workspace that a call aims at: half of the second cache, the other half being for what streams through it.
  std::size_t slab_bytes() const { return std::max(limits.least_slab, limits.l2_bytes / 2); }
};

}  // namespace longwing::cuda
