#include "fake_cuda/fake_runtime.h"

#include <algorithm>
#include <cstring>
#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <mutex>
#include <set>
#include <vector>

#include "cuda_runtime_api.h"
#include "dispatch/kernel_table.h"
#include "simulation.h"

// The place in a stream that an event marks: `work` operations of it done.
struct FakeEvent {
  cudaStream_t stream = nullptr;
  std::int64_t work = 0;
};
struct FakePool {};
struct FakeStream {};

namespace longwing::cuda::fake {
namespace {

struct Stream {
  std::deque<std::function<void()>> work;
  std::int64_t enqueued = 0, done = 0;
};

struct Launchable {
  KernelEntry kernel;
  int allowed_shared = 0;  // bytes that a launch may ask for
};

struct Runtime {
  std::recursive_mutex mutex;
  Machine machine;
  std::map<cudaStream_t, Stream> streams;
  std::map<void*, std::size_t> memory;
  std::set<void*> capturing, made;  // streams
  std::map<const void*, Launchable> kernels;
  std::map<int, std::uintptr_t> last_stream;
  std::size_t allocated = 0;
  int waits = 0, events = 0;

  Runtime() {
    for_each_kernel([this](const KernelEntry& kernel) { kernels[kernel.function] = {kernel, 48 * 1024}; });
  }

  void enqueue(cudaStream_t stream, std::function<void()> work) {
    streams[stream].work.push_back(std::move(work));
    ++streams[stream].enqueued;
  }
  // Does the stream's work until `work` operations of it are done.
  void run(cudaStream_t which, std::int64_t work) {
    Stream& stream = streams[which];
    while (stream.done < work) {
      const std::function<void()> next = std::move(stream.work.front());
      stream.work.pop_front();
      next();
      ++stream.done;
    }
  }
  void run_all() {
    for (auto it = streams.rbegin(); it != streams.rend(); ++it) run(it->first, it->second.enqueued);
  }
  void* allocate(std::size_t bytes) {
    if (allocated + bytes > machine.memory) return nullptr;
    auto* const numbers = new float[bytes / sizeof(float) + 1];
    std::fill_n(numbers, bytes / sizeof(float) + 1, std::numeric_limits<float>::quiet_NaN());
    memory[numbers] = bytes;
    allocated += bytes;
    return numbers;
  }
  // What still reads it finds other numbers, or under the address sanitizer an error.
  void release(void* numbers) {
    allocated -= memory.at(numbers);
    std::memset(numbers, 0xff, memory.at(numbers));
    memory.erase(numbers);
    delete[] static_cast<float*>(numbers);
  }
};

// Never destroyed: plans of the process may free their tables at its end.
Runtime& runtime() {
  static Runtime* const instance = new Runtime;
  return *instance;
}

thread_local int current_device = 0;

}  // namespace

Machine& machine() { return runtime().machine; }

void synchronize() {
  const std::lock_guard lock(runtime().mutex);
  runtime().run_all();
}

void synchronize(void* stream) {
  const std::lock_guard lock(runtime().mutex);
  const auto which = static_cast<cudaStream_t>(stream);
  runtime().run(which, runtime().streams[which].enqueued);
}

void set_capturing(void* stream, bool capturing) {
  if (capturing) {
    runtime().capturing.insert(stream);
  } else {
    runtime().capturing.erase(stream);
  }
}

std::uintptr_t last_stream(int device) { return runtime().last_stream[device]; }
int waits() { return runtime().waits; }
int events() { return runtime().events; }
std::size_t allocated() { return runtime().allocated; }

}  // namespace longwing::cuda::fake

using longwing::cuda::fake::current_device;
using longwing::cuda::fake::runtime;
using Lock = std::lock_guard<std::recursive_mutex>;

cudaError_t cudaDriverGetVersion(int* version) {
  *version = runtime().machine.driver_version;
  return cudaSuccess;
}

cudaError_t cudaGetDeviceCount(int* count) {
  *count = runtime().machine.devices;
  if (runtime().machine.driver_version < CUDART_VERSION) return cudaErrorInsufficientDriver;
  return *count > 0 ? cudaSuccess : cudaErrorNoDevice;
}

cudaError_t cudaGetDevice(int* device) {
  *device = current_device;
  return cudaSuccess;
}

cudaError_t cudaSetDevice(int device) {
  current_device = device;
  return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int) {
  const auto& machine = runtime().machine;
  switch (attribute) {
    case cudaDevAttrComputeCapabilityMajor: *value = machine.major; break;
    case cudaDevAttrComputeCapabilityMinor: *value = machine.minor; break;
    case cudaDevAttrMultiProcessorCount: *value = 2; break;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin: *value = 227 * 1024; break;
    case cudaDevAttrL2CacheSize: *value = 50 << 20; break;
    case cudaDevAttrMemoryPoolsSupported: *value = machine.has_pools ? 1 : 0; break;
  }
  return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int) {
  const auto& machine = runtime().machine;
  *properties = {"simulation", machine.major, machine.minor, 2, 227 * 1024, machine.memory};
  return cudaSuccess;
}

cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
  *total = runtime().machine.memory;
  *free = *total - runtime().allocated;
  return cudaSuccess;
}

const char* cudaGetErrorName(cudaError_t) { return "cudaErrorOfTheFake"; }
const char* cudaGetErrorString(cudaError_t) { return "an error of the fake runtime"; }
cudaError_t cudaGetLastError() { return cudaSuccess; }

cudaError_t cudaMalloc(void** memory, std::size_t bytes) {
  const Lock lock(runtime().mutex);
  *memory = runtime().allocate(bytes);
  return *memory ? cudaSuccess : cudaErrorMemoryAllocation;
}

cudaError_t cudaFree(void* memory) {
  const Lock lock(runtime().mutex);
  runtime().run_all();
  runtime().release(memory);
  return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind, cudaStream_t stream) {
  const Lock lock(runtime().mutex);
  runtime().enqueue(stream, [=] { std::memcpy(to, from, bytes); });
  return cudaSuccess;
}

cudaError_t cudaMemPoolCreate(cudaMemPool_t* pool, const cudaMemPoolProps*) {
  static FakePool one;
  *pool = &one;
  return cudaSuccess;
}
cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t, cudaMemPoolAttr, void*) { return cudaSuccess; }
cudaError_t cudaMemPoolTrimTo(cudaMemPool_t, std::size_t) { return cudaSuccess; }

cudaError_t cudaMallocFromPoolAsync(void** memory, std::size_t bytes, cudaMemPool_t, cudaStream_t) { return cudaMalloc(memory, bytes); }

cudaError_t cudaFreeAsync(void* memory, cudaStream_t stream) {
  const Lock lock(runtime().mutex);
  runtime().enqueue(stream, [=] { runtime().release(memory); });
  return cudaSuccess;
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  *stream = new FakeStream;
  runtime().made.insert(*stream);
  return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  const Lock lock(runtime().mutex);
  if (runtime().made.count(stream) == 0) ++runtime().waits;
  runtime().run(stream, runtime().streams[stream].enqueued);
  return cudaSuccess;
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  const Lock lock(runtime().mutex);
  runtime().enqueue(stream, [at = *event] { runtime().run(at.stream, at.work); });
  return cudaSuccess;
}

cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus* status) {
  const Lock lock(runtime().mutex);
  *status = runtime().capturing.count(stream) > 0 ? cudaStreamCaptureStatusActive : cudaStreamCaptureStatusNone;
  return cudaSuccess;
}
cudaError_t cudaThreadExchangeStreamCaptureMode(cudaStreamCaptureMode* mode) {
  thread_local cudaStreamCaptureMode current = cudaStreamCaptureModeGlobal;
  std::swap(current, *mode);
  return cudaSuccess;
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  ++runtime().events;
  *event = new FakeEvent;
  return cudaSuccess;
}

// A graph can neither leave an event to others nor wait for one of theirs.
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  const Lock lock(runtime().mutex);
  if (runtime().capturing.count(stream) > 0) return cudaErrorStreamCaptureUnsupported;
  *event = {stream, runtime().streams[stream].enqueued};
  return cudaSuccess;
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  --runtime().events;
  delete event;
  return cudaSuccess;
}

cudaError_t cudaFuncSetAttribute(const void* function, cudaFuncAttribute, int bytes) {
  if (!runtime().machine.has_kernels) return cudaErrorNoKernelImageForDevice;
  runtime().kernels.at(function).allowed_shared = bytes;
  return cudaSuccess;
}

// What a driver refuses, it refuses: more shared memory than was asked for, a cluster of another size than the kernel's.
cudaError_t cudaLaunchKernelExC(const cudaLaunchConfig_t* config, const void* function, void** arguments) {
  const Lock lock(runtime().mutex);
  const auto& launchable = runtime().kernels.at(function);
  if (config->dynamicSmemBytes > static_cast<std::size_t>(launchable.allowed_shared)) return cudaErrorInvalidValue;
  const unsigned cluster = config->numAttrs > 0 ? config->attrs[0].val.clusterDim.x : 1;
  if (cluster != static_cast<unsigned>(launchable.kernel.cluster) || config->gridDim.x % cluster != 0) return cudaErrorInvalidValue;
  const auto* const bytes = static_cast<const std::byte*>(arguments[0]);
  runtime().last_stream[current_device] = reinterpret_cast<std::uintptr_t>(config->stream);
  runtime().enqueue(config->stream, [blocks = config->gridDim, kernel = launchable.kernel,
                                     args = std::vector<std::byte>(bytes, bytes + launchable.kernel.args_bytes)] {
    longwing::cuda::simulation::launch(kernel, blocks.x, static_cast<int>(blocks.y), args.data());
  });
  return cudaSuccess;
}

// For tests/cuda_sim/test_python.py.
extern "C" {
void fake_synchronize() { longwing::cuda::fake::synchronize(); }
std::uintptr_t fake_last_stream(int device) { return longwing::cuda::fake::last_stream(device); }
int fake_waits() { return longwing::cuda::fake::waits(); }
}
