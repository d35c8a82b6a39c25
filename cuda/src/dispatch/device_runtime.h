// What the engine asks of a device: the CUDA runtime in the backend, the simulation in the tests.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dispatch/kernel_table.h"

namespace longwing::cuda {

/// Read off the device, never assumed.
struct DeviceLimits {
  int architecture = 80;  ///< 10·major + minor
  int multiprocessors = 1;
  int shared_bytes = 48 * 1024;  ///< dynamic shared memory a block may ask for
  std::size_t memory_bytes = 0, l2_bytes = 0;
  std::size_t least_slab =
      std::size_t{32} << 20;  ///< workspace that fills the device: 132 multiprocessors four times with two rows of 32 KiB
};

/// `stream` is the caller's, passed through. Everything but upload() is asynchronous in its order.
class DeviceRuntime {
 public:
  virtual ~DeviceRuntime() = default;
  virtual DeviceLimits limits() const = 0;
  /// Throws RuntimeError naming the bytes where there is no memory.
  virtual void* allocate(std::size_t bytes, void* stream) = 0;
  virtual void free(void* memory, void* stream) noexcept = 0;
  /// Tables of a plan: outside of any stream, done when it returns.
  virtual void* upload(const void* host, std::size_t bytes) = 0;
  virtual void free_upload(void* memory) noexcept = 0;
  /// Launches blocks·blocks_y blocks with a copy of `args`; throws RuntimeError with the driver's reason.
  virtual void launch(const KernelEntry& kernel, std::int64_t blocks, int blocks_y, const void* args, std::size_t args_bytes,
                      void* stream) = 0;
};

}  // namespace longwing::cuda
