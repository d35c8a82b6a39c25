#include "dispatch/cuda_spectrum.h"

#include <algorithm>

#include "dispatch/cuda_error.h"
#include "longwing/error.h"

namespace longwing::cuda {

CudaSpectrum::CudaSpectrum(CudaDevice& device, std::size_t bytes, cudaStream_t stream, std::shared_ptr<const PlanImplementation> plan)
    : device_(device),
      bytes_(bytes),
      maker_(stream),
      memory_(bytes > 0 ? device.allocate(bytes, stream) : nullptr),
      plan_(std::move(plan)) {}

CudaSpectrum::~CudaSpectrum() {
  try {
    const DeviceGuard guard(device_.index());
    for (const Use& use : uses_) {
      check(cudaStreamWaitEvent(device_.release_stream(), use.event, 0), "waiting for the users of a spectrum");
      check(cudaEventDestroy(use.event), "dropping an event");
    }
    if (memory_) device_.free(memory_, uses_.empty() ? maker_ : device_.release_stream());
  } catch (const RuntimeError&) {
    return;  // the driver is shutting down, and the memory with it
  }
}

void CudaSpectrum::record(cudaStream_t stream) const {
  if (is_capturing(stream)) return;
  const std::lock_guard lock(mutex_);
  auto use = std::find_if(uses_.begin(), uses_.end(), [stream](const Use& known) { return known.stream == stream; });
  if (use == uses_.end()) {
    cudaEvent_t event = nullptr;
    check(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), "making an event");
    use = uses_.insert(uses_.end(), {stream, event});
  }
  check(cudaEventRecord(use->event, stream), "recording an event");
}

void CudaSpectrum::wait(cudaStream_t stream) const {
  if (stream == maker_ || is_capturing(stream)) return;
  const std::lock_guard lock(mutex_);
  if (!uses_.empty()) check(cudaStreamWaitEvent(stream, uses_.front().event, 0), "waiting for a spectrum");
}

}  // namespace longwing::cuda
