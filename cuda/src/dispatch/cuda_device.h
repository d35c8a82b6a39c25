// One CUDA device: its limits, its memory in the order of streams, its launches.
#pragma once

#include <cuda_runtime_api.h>

#include <string>

#include "dispatch/device_runtime.h"

namespace longwing::cuda {

/// Makes a device current for the length of a scope.
class DeviceGuard {
 public:
  explicit DeviceGuard(int device);
  ~DeviceGuard();
  DeviceGuard(const DeviceGuard&) = delete;
  DeviceGuard& operator=(const DeviceGuard&) = delete;

 private:
  int previous_ = 0;
  bool changed_ = false;
};

/// True while the stream's work is recorded into a graph instead of being run.
bool is_capturing(cudaStream_t stream);

/// Its calls but the constructor and free_upload() expect the device to be current: a plan's call guards once.
class CudaDevice final : public DeviceRuntime {
 public:
  /// RuntimeError where this build holds no code for the device, or the device no memory in the order of streams.
  explicit CudaDevice(int index);
  ~CudaDevice() override = default;  // devices live as long as the process
  CudaDevice(const CudaDevice&) = delete;
  CudaDevice& operator=(const CudaDevice&) = delete;

  int index() const { return index_; }
  DeviceLimits limits() const override { return limits_; }
  void* allocate(std::size_t bytes, void* stream) override;
  void free(void* memory, void* stream) noexcept override;
  void* upload(const void* host, std::size_t bytes) override;
  void free_upload(void* memory) noexcept override;
  void launch(const KernelEntry& kernel, std::int64_t blocks, int blocks_y, const void* args, std::size_t args_bytes,
              void* stream) override;

  /// A stream of our own, on which memory is freed once every user's event has come.
  cudaStream_t release_stream() const { return release_stream_; }
  /// Gives memory that no call uses back to the system.
  void trim();

 private:
  void allow_shared_memory() const;

  int index_;
  DeviceLimits limits_;
  cudaMemPool_t pool_ = nullptr;
  cudaStream_t release_stream_ = nullptr;
};

/// The device of an index, made at its first use; RuntimeError where there is none such or it can't be used.
CudaDevice& cuda_device(int index);
/// Trims every device in use.
void trim_devices();

/// Empty where some device can be used, else why none can.
std::string no_device_because();
/// The devices in one line.
std::string describe_devices();

}  // namespace longwing::cuda
