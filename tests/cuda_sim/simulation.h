// Runs kernels on the CPU: the threads of a block as fibers of one thread, blocks one after the other.
//
// Shared memory is exactly as large as asked and filled with NaN. A barrier that only a part of the threads reaches is a
// std::logic_error. Under TSan only the barriers order what different CUDA threads do, so that a missing one is a race.
#pragma once

#include <cstdint>

#include "dispatch/device_runtime.h"

namespace longwing::cuda::simulation {

/// Runs `kernel` over blocks·blocks_y blocks.
void launch(const KernelEntry& kernel, std::int64_t blocks, int blocks_y, const void* args);

/// From now on every thread passes its `index`-th barrier of a kernel without waiting: a kernel with that barrier removed. -1: none.
void omit_barrier(int index);
/// The barriers that a thread met at most in one of the kernels launched since the last call.
int most_barriers();

/// The host's memory as that of a device.
class SimulatedRuntime : public DeviceRuntime {
 public:
  explicit SimulatedRuntime(const DeviceLimits& limits) : limits_(limits) {}
  DeviceLimits limits() const override { return limits_; }
  void* allocate(std::size_t bytes, void* stream) override;
  void free(void* memory, void* stream) noexcept override;
  void* upload(const void* host, std::size_t bytes) override;
  void free_upload(void* memory) noexcept override;
  void launch(const KernelEntry& kernel, std::int64_t blocks, int blocks_y, const void* args, std::size_t args_bytes,
              void* stream) override;

  std::size_t allocated() const { return allocated_; }
  std::size_t peak() const { return peak_; }

 private:
  DeviceLimits limits_;
  std::size_t allocated_ = 0, peak_ = 0;
};

}  // namespace longwing::cuda::simulation
