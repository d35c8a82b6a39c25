// A transformed filter on a device, and the streams that it waits for and that wait for it.
//
// Made on one stream, a spectrum may be used on others and dropped while their work is still to come. So its maker records an event that
// other streams wait for, every use records one a stream, and the memory is freed on a stream of its own after all of them. A graph that
// is being captured can't wait for events from outside, nor leave some: whoever captures keeps the spectrum, made before on the same
// stream or complete, for as long as the graph.
#pragma once

#include <mutex>
#include <vector>

#include "dispatch/cuda_device.h"
#include "longwing/backend.h"

namespace longwing::cuda {

class CudaSpectrum final : public SpectrumStorage {
 public:
  CudaSpectrum(CudaDevice& device, std::size_t bytes, cudaStream_t stream, std::shared_ptr<const PlanImplementation> plan);
  ~CudaSpectrum() override;
  CudaSpectrum(const CudaSpectrum&) = delete;
  CudaSpectrum& operator=(const CudaSpectrum&) = delete;

  std::size_t bytes() const override { return bytes_; }
  void* data() const { return memory_; }
  /// The kernels that make it are enqueued.
  void made() { record(maker_); }
  /// Before and after a call on `stream` that reads it.
  void wait(cudaStream_t stream) const;
  void used(cudaStream_t stream) const { record(stream); }

 private:
  struct Use {
    cudaStream_t stream;
    cudaEvent_t event;
  };
  void record(cudaStream_t stream) const;

  CudaDevice& device_;
  std::size_t bytes_;
  cudaStream_t maker_;
  void* memory_;
  std::shared_ptr<const PlanImplementation> plan_;
  mutable std::mutex mutex_;
  mutable std::vector<Use> uses_;  // the maker's first
};

}  // namespace longwing::cuda
