#include "dispatch/cuda_device.h"

#include <climits>
#include <cstring>
#include <limits>

#include "dispatch/cuda_error.h"
#include "longwing/error.h"

namespace longwing::cuda {
namespace {

constexpr int kFreeShared = 48 * 1024;  // dynamic shared memory that a kernel may have without asking

int attribute(cudaDeviceAttr which, int device) {
  int value = 0;
  check(cudaDeviceGetAttribute(&value, which, device), "reading a device attribute");
  return value;
}

DeviceLimits read_limits(int device) {
  DeviceLimits limits;
  limits.architecture = 10 * attribute(cudaDevAttrComputeCapabilityMajor, device) + attribute(cudaDevAttrComputeCapabilityMinor, device);
  limits.multiprocessors = attribute(cudaDevAttrMultiProcessorCount, device);
  limits.shared_bytes = attribute(cudaDevAttrMaxSharedMemoryPerBlockOptin, device);
  limits.l2_bytes = static_cast<std::size_t>(attribute(cudaDevAttrL2CacheSize, device));
  std::size_t free = 0;
  check(cudaMemGetInfo(&free, &limits.memory_bytes), "reading the size of the memory");
  return limits;
}

// Its own pool, so that what calls free stays for the next one whatever the program does with the default pool.
cudaMemPool_t make_pool(int device) {
  if (attribute(cudaDevAttrMemoryPoolsSupported, device) == 0) {
    throw RuntimeError("device cuda:" + std::to_string(device) + " can't allocate memory in the order of streams, which longwing needs");
  }
  cudaMemPoolProps properties = {};
  properties.allocType = cudaMemAllocationTypePinned;
  properties.location.type = cudaMemLocationTypeDevice;
  properties.location.id = device;
  cudaMemPool_t pool = nullptr;
  check(cudaMemPoolCreate(&pool, &properties), "making a memory pool");
  std::uint64_t keep_all = std::numeric_limits<std::uint64_t>::max();
  check(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &keep_all), "setting up the memory pool");
  return pool;
}

// Allocation outside of streams is forbidden while any stream of the thread is captured, unless the thread says it is unrelated.
class UnrelatedToCapture {
 public:
  UnrelatedToCapture() { check(cudaThreadExchangeStreamCaptureMode(&mode_), "leaving the stream capture"); }
  ~UnrelatedToCapture() { (void)cudaThreadExchangeStreamCaptureMode(&mode_); }
  UnrelatedToCapture(const UnrelatedToCapture&) = delete;
  UnrelatedToCapture& operator=(const UnrelatedToCapture&) = delete;

 private:
  cudaStreamCaptureMode mode_ = cudaStreamCaptureModeRelaxed;
};

}  // namespace

DeviceGuard::DeviceGuard(int device) {
  check(cudaGetDevice(&previous_), "reading the current device");
  if (previous_ == device) return;
  check(cudaSetDevice(device), "changing the current device");
  changed_ = true;
}

DeviceGuard::~DeviceGuard() {
  if (changed_) (void)cudaSetDevice(previous_);
}

bool is_capturing(cudaStream_t stream) {
  cudaStreamCaptureStatus status = cudaStreamCaptureStatusNone;
  check(cudaStreamIsCapturing(stream, &status), "asking for the state of the stream");
  return status != cudaStreamCaptureStatusNone;
}

CudaDevice::CudaDevice(int index) : index_(index) {
  const DeviceGuard guard(index);
  const UnrelatedToCapture unrelated;
  limits_ = read_limits(index);
  allow_shared_memory();
  pool_ = make_pool(index);
  check(cudaStreamCreateWithFlags(&release_stream_, cudaStreamNonBlocking), "making a stream");
}

void CudaDevice::allow_shared_memory() const {
  for_each_kernel([this](const KernelEntry& kernel) {
    if (kernel.shared_bytes <= kFreeShared || kernel.shared_bytes > limits_.shared_bytes) return;
    const cudaError_t status = cudaFuncSetAttribute(kernel.function, cudaFuncAttributeMaxDynamicSharedMemorySize, kernel.shared_bytes);
    if (status == cudaErrorNoKernelImageForDevice || status == cudaErrorInvalidDeviceFunction) {
      forget_last_error();
      throw RuntimeError("device cuda:" + std::to_string(index_) + " has compute capability " + std::to_string(limits_.architecture / 10) +
                         "." + std::to_string(limits_.architecture % 10) +
                         ", and this build of the CUDA engine holds code for " LONGWING_CUDA_ARCHITECTURES);
    }
    check(status, "asking for shared memory");
  });
}

void* CudaDevice::allocate(std::size_t bytes, void* stream) {
  void* memory = nullptr;
  const cudaError_t status = cudaMallocFromPoolAsync(&memory, bytes, pool_, static_cast<cudaStream_t>(stream));
  if (status == cudaErrorMemoryAllocation) {
    forget_last_error();
    throw RuntimeError("device cuda:" + std::to_string(index_) + " has no " + std::to_string(bytes) + " bytes left for workspace");
  }
  check(status, "allocating workspace");
  return memory;
}

void CudaDevice::free(void* memory, void* stream) noexcept {
  if (cudaFreeAsync(memory, static_cast<cudaStream_t>(stream)) != cudaSuccess) forget_last_error();
}

void* CudaDevice::upload(const void* host, std::size_t bytes) {
  const UnrelatedToCapture unrelated;
  void* memory = nullptr;
  const cudaError_t status = cudaMalloc(&memory, bytes);
  if (status == cudaErrorMemoryAllocation) {
    forget_last_error();
    throw RuntimeError("device cuda:" + std::to_string(index_) + " has no " + std::to_string(bytes) + " bytes left for a plan's tables");
  }
  check(status, "allocating a plan's tables");
  // On a stream of our own: a copy on the default stream would wait for, and hold up, the work of others.
  cudaError_t copied = cudaMemcpyAsync(memory, host, bytes, cudaMemcpyHostToDevice, release_stream_);
  if (copied == cudaSuccess) copied = cudaStreamSynchronize(release_stream_);
  if (copied != cudaSuccess) (void)cudaFree(memory);
  check(copied, "copying a plan's tables");
  return memory;
}

// The runtime's own free waits for the device, so kernels that still read the tables are safe.
void CudaDevice::free_upload(void* memory) noexcept {
  try {
    const DeviceGuard guard(index_);
    const UnrelatedToCapture unrelated;
    check(cudaFree(memory), "freeing a plan's tables");
  } catch (const RuntimeError&) {
    return;  // the driver is shutting down, and the memory with it
  }
}

void CudaDevice::launch(const KernelEntry& kernel, std::int64_t blocks, int blocks_y, const void* args, std::size_t, void* stream) {
  if (blocks > INT_MAX)
    throw RuntimeError("a call of " + std::to_string(blocks) + " blocks is more than a CUDA grid holds: split the batch");
  void* arguments[] = {const_cast<void*>(args)};
  cudaLaunchAttribute cluster = {};
  cluster.id = cudaLaunchAttributeClusterDimension;
  cluster.val.clusterDim = {static_cast<unsigned>(kernel.cluster), 1, 1};
  cudaLaunchConfig_t config = {};
  config.gridDim = dim3(static_cast<unsigned>(blocks), static_cast<unsigned>(blocks_y));
  config.blockDim = dim3(static_cast<unsigned>(kernel.threads));
  config.dynamicSmemBytes = static_cast<std::size_t>(kernel.shared_bytes);
  config.stream = static_cast<cudaStream_t>(stream);
  config.attrs = &cluster;
  config.numAttrs = kernel.cluster > 1 ? 1 : 0;
  check(cudaLaunchKernelExC(&config, kernel.function, arguments), "launching a kernel");
}

void CudaDevice::trim() {
  const DeviceGuard guard(index_);
  check(cudaMemPoolTrimTo(pool_, 0), "giving workspace back");
}

}  // namespace longwing::cuda
