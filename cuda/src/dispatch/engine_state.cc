#include "dispatch/engine_state.h"

#include <algorithm>
#include <string>

#include "longwing/error.h"

namespace longwing::cuda {
namespace {

constexpr std::size_t kTableAlignment = 256;

// The largest row that is compiled for this arithmetic and whose exchange fits the device's shared memory.
int longest_row(const KernelTable& kernels, const DeviceLimits& limits) {
  int longest = 0;
  for (int log2n = kLeastLog2n; log2n <= max_log2n(limits.architecture, kernels.arithmetic) && log2n <= kMaxLog2n; ++log2n) {
    const KernelEntry& convolve = kernels.rows[log2n].convolve;
    if (convolve && convolve.shared_bytes <= limits.shared_bytes) longest = log2n;
  }
  if (longest == 0) {
    throw RuntimeError("no kernel of the CUDA engine fits the device's " + std::to_string(limits.shared_bytes) +
                       " bytes of shared memory a block");
  }
  return longest;
}

// Half precision on the tensor cores, where there are kernels for such rows and the device has the shared memory.
const TensorKernels* tensor_kernels(const KernelTable& kernels, DType dtype, const TransformShape& shape, const DeviceLimits& limits) {
  if (dtype != DType::kFloat16 && dtype != DType::kBFloat16) return nullptr;
  if (!shape.column_radices.empty()) return nullptr;
  const TensorKernels& row = kernels.tensor[shape.row_log2n];
  return row.convolve && row.convolve.shared_bytes <= limits.shared_bytes && row.transform_filters.shared_bytes <= limits.shared_bytes
             ? &row
             : nullptr;
}

std::vector<int> all_radices(const TransformShape& shape, const RowPolicy& policy) {
  std::vector<int> radices = shape.column_radices;
  radices.insert(radices.end(), policy.radices, policy.radices + policy.passes);
  return radices;
}

}  // namespace

EngineState::EngineState(const ConvSpec& conv_spec, DeviceRuntime& device)
    : spec(conv_spec),
      map(lag_map(conv_spec)),
      runtime(device),
      limits(device.limits()),
      arithmetic(arithmetic_of(conv_spec.dtype)),
      kernels(kernel_table(arithmetic)),
      shape(choose_shape(map, longest_row(kernels, limits))),
      row(kernels.rows[shape.row_log2n]),
      tensor(tensor_kernels(kernels, conv_spec.dtype, shape, limits)),
      twiddles(make_twiddles(all_radices(shape, row.policy), arithmetic)),
      twiddle_bytes(twiddles.bytes.size()) {
  std::vector<std::byte> tables = std::move(twiddles.bytes);
  if (tensor) {
    const std::vector<std::byte> of_tensor = make_tensor_tables(tensor->policy);
    tables.resize((tables.size() + kTableAlignment - 1) / kTableAlignment * kTableAlignment);
    twiddle_bytes = tables.size() + of_tensor.size();
    tables.insert(tables.end(), of_tensor.begin(), of_tensor.end());
  }
  device_twiddles = static_cast<std::byte*>(device.upload(tables.data(), tables.size()));
  if (tensor) device_tensor_tables = device_twiddles + (twiddle_bytes - static_cast<std::size_t>(tensor_table_bytes(tensor->policy)));
}

EngineState::~EngineState() { runtime.free_upload(device_twiddles); }

TwiddleTables EngineState::row_twiddles() const {
  TwiddleTables tables;
  const std::size_t first = shape.column_radices.size();
  for (std::size_t pass = first; pass < twiddles.offsets.size(); ++pass) {
    tables.passes[pass - first] = device_twiddles + twiddles.offsets[pass];
  }
  return tables;
}

TwiddleTables EngineState::column_twiddles(std::size_t pass) const {
  TwiddleTables tables;
  tables.passes[0] = device_twiddles + twiddles.offsets[pass];
  return tables;
}

}  // namespace longwing::cuda
