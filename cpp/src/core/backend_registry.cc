// The table of backends. The CUDA engine is a plug-in library that is not part of this build; its row says so.
#include <string>

#include "longwing/backend.h"

namespace longwing {

const Backend& cpu_backend();

namespace {

class AbsentCudaBackend final : public Backend {
 public:
  const char* name() const override { return "cuda"; }
  DeviceType device_type() const override { return DeviceType::kCuda; }
  std::string unusable_because() const override { return "this build of longwing holds no CUDA engine: arrays must be on the CPU"; }
  std::string describe() const override { return "absent"; }
  std::shared_ptr<const PlanImplementation> make_plan(const ConvSpec&) const override { throw RuntimeError(unusable_because()); }
};

}  // namespace

const std::vector<const Backend*>& backends() {
  static const AbsentCudaBackend cuda;
  static const std::vector<const Backend*> all = {&cpu_backend(), &cuda};
  return all;
}

const Backend& backend_for(DeviceType type) {
  for (const Backend* backend : backends()) {
    if (backend->device_type() != type) continue;
    if (const std::string reason = backend->unusable_because(); !reason.empty()) {
      throw RuntimeError(std::string("no backend for device ") + to_string(type) + ": " + reason);
    }
    return *backend;
  }
  throw RuntimeError(std::string("no backend for device ") + to_string(type));
}

}  // namespace longwing
