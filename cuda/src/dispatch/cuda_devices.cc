// The devices of this process, and what is to be said about them.
#include <map>
#include <memory>
#include <mutex>
#include <sstream>

#include "core/process_local.h"
#include "dispatch/cuda_device.h"
#include "dispatch/cuda_error.h"
#include "longwing/error.h"

namespace longwing::cuda {
namespace {

constexpr int kLeastMajor = 8;  // mma.sync of float16 with float32 sums and cp.async begin here

struct Devices {
  std::mutex mutex;
  std::map<int, std::unique_ptr<CudaDevice>> made;
};

std::string version_text(int version) { return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10); }

int major_of(int device) {
  int major = 0;
  check(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device), "reading the compute capability");
  return major;
}

int driver_version() {
  int version = 0;
  check(cudaDriverGetVersion(&version), "reading the driver's version");
  return version;
}

std::string absence() {
  const int driver = driver_version();
  if (driver == 0) return "no NVIDIA driver is installed (there is no libcuda.so.1)";
  int count = 0;
  const cudaError_t status = cudaGetDeviceCount(&count);
  if (status == cudaErrorInsufficientDriver) {
    forget_last_error();
    return "the NVIDIA driver is too old: it supports CUDA " + version_text(driver) + ", and this build of longwing needs " +
           version_text(CUDART_VERSION / 1000 * 1000);
  }
  if (status == cudaErrorNoDevice || (status == cudaSuccess && count == 0)) {
    forget_last_error();
    return "the NVIDIA driver sees no device (CUDA_VISIBLE_DEVICES may hide it)";
  }
  check(status, "counting the devices");
  for (int device = 0; device < count; ++device) {
    if (major_of(device) >= kLeastMajor) return {};
  }
  return "no device has compute capability " + std::to_string(kLeastMajor) + ".0 or higher, which longwing's kernels need";
}

}  // namespace

std::string no_device_because() {
  try {
    return absence();
  } catch (const RuntimeError& error) {
    return error.what();
  }
}

std::string describe_devices() {
  int count = 0;
  check(cudaGetDeviceCount(&count), "counting the devices");
  std::ostringstream text;
  for (int device = 0; device < count; ++device) {
    cudaDeviceProp properties = {};
    check(cudaGetDeviceProperties(&properties, device), "reading a device's properties");
    text << (device > 0 ? "; " : "") << "cuda:" << device << " " << properties.name << ", compute capability " << properties.major << "."
         << properties.minor << ", " << properties.multiProcessorCount << " multiprocessors, " << properties.sharedMemPerBlockOptin / 1024
         << " KiB of shared memory a block, " << (properties.totalGlobalMem >> 20) << " MiB";
  }
  text << "; driver for CUDA " << version_text(driver_version()) << ", kernels for " << LONGWING_CUDA_ARCHITECTURES;
  return text.str();
}

CudaDevice& cuda_device(int index) {
  int count = 0;
  check(cudaGetDeviceCount(&count), "counting the devices");
  if (index >= count) {
    throw RuntimeError("device cuda:" + std::to_string(index) + " does not exist: there " +
                       (count == 1 ? "is 1" : "are " + std::to_string(count)));
  }
  if (major_of(index) < kLeastMajor) {
    throw RuntimeError("device cuda:" + std::to_string(index) + " has compute capability " + std::to_string(major_of(index)) +
                       ".x: longwing's kernels need " + std::to_string(kLeastMajor) + ".0 or higher");
  }
  Devices& devices = process_local<Devices>();
  const std::lock_guard lock(devices.mutex);
  std::unique_ptr<CudaDevice>& device = devices.made[index];
  if (!device) device = std::make_unique<CudaDevice>(index);
  return *device;
}

void trim_devices() {
  Devices& devices = process_local<Devices>();
  const std::lock_guard lock(devices.mutex);
  for (const auto& [index, device] : devices.made) {
    if (device) device->trim();
  }
}

}  // namespace longwing::cuda
