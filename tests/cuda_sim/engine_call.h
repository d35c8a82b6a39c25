// One call of the operation on the simulation, beside the oracle: arrays of one dtype, forward and every gradient.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dispatch/engine.h"
#include "reference/convolution.h"
#include "simulation.h"

namespace longwing::cuda {

/// A device on which every row that has a kernel of one pass goes through it, and slabs are small.
constexpr DeviceLimits kLargeDevice = {
    .architecture = 90, .multiprocessors = 2, .shared_bytes = 227 * 1024, .memory_bytes = 0, .l2_bytes = 0};

/// Where the operation runs: what is asked of the engine, and how close the results must come.
struct Setting {
  DType dtype = DType::kFloat64;
  DeviceLimits limits = kLargeDevice;
  double tolerance = 1e-12;  ///< relative L2 error of y and du, beyond the rounding of an element of the dtype
  bool gradients = true;
  bool gradient_of_filter = true;
};

/// Values of a dtype, as close to `values` as it can come.
std::vector<std::byte> stored(const reference::Values& values, DType dtype);
reference::Values loaded(const std::vector<std::byte>& bytes, DType dtype);
/// The same values after a round trip through the dtype: what the oracle must be given.
reference::Values rounded(const reference::Values& values, DType dtype);

ConvSpec spec_of(const reference::Call& call, DType dtype);

/// ‖actual - expected‖ / (‖expected‖ + a little for results of few elements, which may nearly cancel)
double relative_error(const reference::Values& actual, const reference::Values& expected);

/// Runs `call` by the engine and returns the largest relative error over y and the gradients; `where` names what it was largest in.
/// Inputs are rounded to the dtype first. Filters and skip are stored in float32, or in float64 where the dtype is that.
double engine_error(reference::Call call, const Setting& setting, std::string& where);

/// y, du and dk of a call without other arguments, on kLargeDevice. Filters are float32, or float64 where `dtype` is.
struct Outcome {
  reference::Values y, du, dk;
};
Outcome plain_outcome(const reference::Call& call, DType dtype);

}  // namespace longwing::cuda
