// The plug-in: the CUDA backend and its plans over the engine.
#include <cstring>

#include "core/cuda_plugin.h"
#include "dispatch/cuda_device.h"
#include "dispatch/cuda_error.h"
#include "dispatch/cuda_spectrum.h"
#include "dispatch/engine.h"
#include "longwing/version.h"

namespace longwing::cuda {
namespace {

cudaStream_t stream_of(const Execution& execution) { return static_cast<cudaStream_t>(execution.stream); }

class CudaPlan final : public PlanImplementation {
 public:
  /// The device is current.
  CudaPlan(const ConvSpec& spec, CudaDevice& device) : PlanImplementation(spec), device_(device), engine_(spec, device) {}

  std::shared_ptr<const SpectrumStorage> spectrum(const TensorView& k, const TensorView* reverse_filter, FilterKind kind,
                                                  const Execution& execution) const override {
    const DeviceGuard guard(device_.index());
    const std::int64_t filters = kind == FilterKind::kShared ? 1 : k.extent(0);
    const std::size_t bytes = static_cast<std::size_t>(filters * spec().groups) * engine_.spectrum_bytes();
    auto storage = std::make_shared<CudaSpectrum>(device_, bytes, stream_of(execution), shared_from_this());
    storage->spec = spec();
    storage->kind = kind;
    storage->filters = filters;
    storage->filter_dtype = k.dtype;
    storage->reverse_dtype = reverse_filter ? reverse_filter->dtype : k.dtype;
    engine_.transform_filters(k, reverse_filter, kind, storage->data(), execution.stream);
    storage->made();
    return storage;
  }

  void forward(const ForwardArgs& args) const override {
    with_spectrum(args, [&](const CudaSpectrum& s) { engine_.forward(args, s.kind, s.filters, s.data()); });
  }

  void backward(const BackwardArgs& args) const override {
    with_spectrum(args, [&](const CudaSpectrum& s) { engine_.backward(args, s.kind, s.filters, s.data()); });
  }

  void long_conv(const LongConvArgs& args, FilterKind kind) const override {
    const DeviceGuard guard(device_.index());
    engine_.long_conv(args, kind);
  }

  std::size_t workspace_bytes(std::int64_t batch) const override { return engine_.workspace_bytes(batch); }
  std::size_t bytes() const override { return engine_.bytes(); }
  std::string explain() const override { return engine_.explain(); }

 private:
  template <class Args, class Call>
  void with_spectrum(const Args& args, const Call& call) const {
    const DeviceGuard guard(device_.index());
    const auto& spectrum = static_cast<const CudaSpectrum&>(*args.spectrum.storage());
    spectrum.wait(stream_of(args.execution));
    call(spectrum);
    spectrum.used(stream_of(args.execution));
  }

  CudaDevice& device_;
  Engine engine_;
};

class CudaBackend final : public Backend {
 public:
  const char* name() const override { return "cuda"; }
  DeviceType device_type() const override { return DeviceType::kCuda; }
  std::string unusable_because() const override {
    static const std::string reason = no_device_because();
    return reason;
  }
  std::string describe() const override { return unusable_because().empty() ? describe_devices() : "no device"; }
  std::shared_ptr<const PlanImplementation> make_plan(const ConvSpec& spec) const override {
    CudaDevice& device = cuda_device(spec.device.index);
    const DeviceGuard guard(device.index());
    return std::make_shared<CudaPlan>(spec, device);
  }
  void wait(const Device& device, void* stream) const override {
    const DeviceGuard guard(device.index);
    check(cudaStreamSynchronize(static_cast<cudaStream_t>(stream)), "waiting for a stream");
  }
  void release_memory() const override { trim_devices(); }
};

}  // namespace
}  // namespace longwing::cuda

/// The entry that core/cuda_plugin.h describes.
extern "C" __attribute__((visibility("default"))) const longwing::Backend* longwing_cuda_backend(const char* version,
                                                                                                 const char** own_version) {
  static const longwing::cuda::CudaBackend backend;
  *own_version = longwing::version();
  return std::strcmp(version, longwing::version()) == 0 ? &backend : nullptr;
}
