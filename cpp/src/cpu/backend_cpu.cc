// The CPU backend's row of the registry.
#include "cpu/cpu_plan.h"
#include "cpu/isa.h"
#include "cpu/scratch.h"
#include "longwing/backend.h"
#include "longwing/threads.h"

namespace longwing {
namespace {

class CpuBackend final : public Backend {
 public:
  const char* name() const override { return "cpu"; }
  DeviceType device_type() const override { return DeviceType::kCpu; }
  std::string unusable_because() const override { return {}; }
  std::string describe() const override {
    return isa() + " kernels, " + std::to_string(cpu::kernels().f32.lanes) + " float32 lanes, " + std::to_string(num_threads()) +
           " threads";
  }
  std::shared_ptr<const PlanImplementation> make_plan(const ConvSpec& spec) const override {
    if (spec.dtype == DType::kFloat64) return std::make_shared<cpu::CpuPlan<double>>(spec);
    return std::make_shared<cpu::CpuPlan<float>>(spec);
  }
  void release_memory() const override { cpu::release_scratch(); }
};

}  // namespace

const Backend& cpu_backend() {
  static const CpuBackend backend;
  return backend;
}

}  // namespace longwing
