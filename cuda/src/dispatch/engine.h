// One plan of the CUDA engine as host code without CUDA: tables made once, and what a call launches, in order.
#pragma once

#include <memory>
#include <string>

#include "dispatch/device_runtime.h"
#include "longwing/backend.h"

namespace longwing::cuda {

struct EngineState;

/// Arguments are validated; arrays lie in the runtime's memory. All calls are const, thread-safe, and only enqueue work.
class Engine {
 public:
  /// `runtime` outlives the engine.
  Engine(const ConvSpec& spec, DeviceRuntime& runtime);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Bytes of the spectrum of one filter row.
  std::size_t spectrum_bytes() const;
  /// Transforms all filter rows into `spectrum` (filters·groups·spectrum_bytes()).
  void transform_filters(const TensorView& k, const TensorView* reverse_filter, FilterKind kind, void* spectrum, void* stream) const;
  /// The call's arrays with the spectrum made by transform_filters.
  void forward(const ForwardArgs& args, FilterKind kind, std::int64_t filters, const void* spectrum) const;
  void backward(const BackwardArgs& args, FilterKind kind, std::int64_t filters, const void* spectrum) const;
  /// Transforms the filters into workspace, slab by slab, and uses each at once; the same bits as transform_filters() and forward().
  void long_conv(const LongConvArgs& args, FilterKind kind) const;

  std::size_t workspace_bytes(std::int64_t batch) const;
  std::size_t bytes() const;  ///< tables of the plan on the device
  std::string explain() const;

 private:
  std::unique_ptr<EngineState> state_;
};

}  // namespace longwing::cuda
