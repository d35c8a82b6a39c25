// A plug-in whose devices are the simulation: the host's memory as a CUDA device's. LONGWING_CUDA_LIBRARY names it to test what stands
// between Python arrays and kernels where there is no device.
#include <atomic>
#include <memory>
#include <mutex>
#include <sstream>

#include "core/cuda_plugin.h"
#include "dispatch/engine.h"
#include "simulation.h"

namespace longwing::cuda {
namespace {

constexpr int kDevices = 2;

// The simulation does one thing at a time; the stream of the last kernel is told by describe().
class Device final : public DeviceRuntime {
 public:
  Device() : runtime_(simulated_limits()) {}
  DeviceLimits limits() const override { return runtime_.limits(); }
  void* allocate(std::size_t bytes, void* stream) override {
    const std::lock_guard lock(mutex());
    return runtime_.allocate(bytes, stream);
  }
  void free(void* memory, void* stream) noexcept override {
    const std::lock_guard lock(mutex());
    runtime_.free(memory, stream);
  }
  void* upload(const void* host, std::size_t bytes) override { return runtime_.upload(host, bytes); }
  void free_upload(void* memory) noexcept override { runtime_.free_upload(memory); }
  void launch(const KernelEntry& kernel, std::int64_t blocks, int blocks_y, const void* args, std::size_t bytes, void* stream) override {
    const std::lock_guard lock(mutex());
    stream_ = stream;
    runtime_.launch(kernel, blocks, blocks_y, args, bytes, stream);
  }
  void* stream() const { return stream_; }

 private:
  static std::mutex& mutex() {
    static std::mutex mutex;
    return mutex;
  }
  static DeviceLimits simulated_limits() {
    DeviceLimits limits;
    limits.architecture = 90;
    limits.multiprocessors = 2;
    limits.shared_bytes = 227 * 1024;
    return limits;
  }
  simulation::SimulatedRuntime runtime_;
  std::atomic<void*> stream_{nullptr};
};

Device& device(int index) {
  static Device devices[kDevices];
  return devices[index];
}

struct SimulatedSpectrum final : SpectrumStorage {
  std::vector<std::byte> numbers;
  std::shared_ptr<const PlanImplementation> plan;
  std::size_t bytes() const override { return numbers.size(); }
};

class SimulatedPlan final : public PlanImplementation {
 public:
  explicit SimulatedPlan(const ConvSpec& spec) : PlanImplementation(spec), engine_(spec, device(spec.device.index)) {}
  std::shared_ptr<const SpectrumStorage> spectrum(const TensorView& k, const TensorView* reverse_filter, FilterKind kind,
                                                  const Execution& execution) const override {
    auto storage = std::make_shared<SimulatedSpectrum>();
    storage->spec = spec();
    storage->kind = kind;
    storage->filters = kind == FilterKind::kShared ? 1 : k.extent(0);
    storage->filter_dtype = k.dtype;
    storage->reverse_dtype = reverse_filter ? reverse_filter->dtype : k.dtype;
    storage->plan = shared_from_this();
    storage->numbers.resize(static_cast<std::size_t>(storage->filters * spec().groups) * engine_.spectrum_bytes());
    engine_.transform_filters(k, reverse_filter, kind, storage->numbers.data(), execution.stream);
    return storage;
  }
  void forward(const ForwardArgs& args) const override {
    const auto& s = static_cast<const SimulatedSpectrum&>(*args.spectrum.storage());
    engine_.forward(args, s.kind, s.filters, s.numbers.data());
  }
  void backward(const BackwardArgs& args) const override {
    const auto& s = static_cast<const SimulatedSpectrum&>(*args.spectrum.storage());
    engine_.backward(args, s.kind, s.filters, s.numbers.data());
  }
  void long_conv(const LongConvArgs& args, FilterKind kind) const override { engine_.long_conv(args, kind); }
  std::size_t workspace_bytes(std::int64_t batch) const override { return engine_.workspace_bytes(batch); }
  std::size_t bytes() const override { return engine_.bytes(); }
  std::string explain() const override { return engine_.explain(); }

 private:
  Engine engine_;
};

class SimulatedBackend final : public Backend {
 public:
  const char* name() const override { return "cuda"; }
  DeviceType device_type() const override { return DeviceType::kCuda; }
  std::string unusable_because() const override { return {}; }
  std::string describe() const override {
    std::ostringstream text;
    text << "simulation";
    for (int i = 0; i < kDevices; ++i) text << "; cuda:" << i << " last stream " << reinterpret_cast<std::uintptr_t>(device(i).stream());
    text << "; waits " << waits_;
    return text.str();
  }
  std::shared_ptr<const PlanImplementation> make_plan(const ConvSpec& spec) const override {
    if (spec.device.index >= kDevices)
      throw RuntimeError("device cuda:" + std::to_string(spec.device.index) + " does not exist: there are 2");
    return std::make_shared<SimulatedPlan>(spec);
  }
  void wait(const longwing::Device&, void*) const override { ++waits_; }

 private:
  mutable std::atomic<int> waits_{0};
};

}  // namespace
}  // namespace longwing::cuda

extern "C" const longwing::Backend* longwing_cuda_backend(const char*, const char**) {
  static const longwing::cuda::SimulatedBackend backend;
  return &backend;
}
