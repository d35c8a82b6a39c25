// What tests set and ask of the fake CUDA runtime.
#pragma once

#include <cstddef>
#include <cstdint>

namespace longwing::cuda::fake {

/// The machine that the runtime pretends to be.
struct Machine {
  int driver_version = 13000;
  int devices = 2;
  int major = 9, minor = 0;
  bool has_pools = true;
  bool has_kernels = true;                    ///< false: this build holds no code for the devices
  std::size_t memory = std::size_t{1} << 30;  ///< bytes that can be allocated
};

Machine& machine();
/// Does all work that was enqueued to every stream, those of the highest handles first; to one stream.
void synchronize();
void synchronize(void* stream);
/// Streams so captured only say so: their work is done like any other's.
void set_capturing(void* stream, bool capturing);

std::uintptr_t last_stream(int device);
int waits();              ///< calls of cudaStreamSynchronize for streams that the backend did not make
int events();             ///< that exist
std::size_t allocated();  ///< bytes whose release has not come

}  // namespace longwing::cuda::fake
