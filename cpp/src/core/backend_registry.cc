// The table of backends. The CUDA engine is a plug-in library, loaded at the first question to its row.
#include <atomic>
#include <string>

#include "core/cuda_plugin.h"
#include "longwing/backend.h"

namespace longwing {

const Backend& cpu_backend();

namespace {

class CudaRow final : public Backend {
 public:
  const char* name() const override { return "cuda"; }
  DeviceType device_type() const override { return DeviceType::kCuda; }
  std::string unusable_because() const override {
    const CudaPlugin& plugin = cuda_plugin();
    return plugin.backend ? plugin.backend->unusable_because() : plugin.absent_because;
  }
  std::string describe() const override {
    const CudaPlugin& plugin = cuda_plugin();
    return plugin.backend ? plugin.backend->describe() : "absent";
  }
  std::shared_ptr<const PlanImplementation> make_plan(const ConvSpec& spec) const override {
    const CudaPlugin& plugin = cuda_plugin();
    if (!plugin.backend) throw RuntimeError(plugin.absent_because);
    asked_ = true;
    return plugin.backend->make_plan(spec);
  }
  void wait(const Device& device, void* stream) const override {
    if (asked_) cuda_plugin().backend->wait(device, stream);
  }
  void release_memory() const override {
    if (asked_) cuda_plugin().backend->release_memory();  // else there is nothing to release, and no reason to load it
  }

 private:
  mutable std::atomic<bool> asked_{false};
};

}  // namespace

const std::vector<const Backend*>& backends() {
  static const CudaRow cuda;
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
