// From a kernel to its row of the table.
#pragma once

#include "device/compat.cuh"
#include "dispatch/kernel_table.h"

namespace longwing::cuda {

template <class Args, void (*Kernel)(Args)>
KernelEntry entry(int threads, int shared_bytes, int units, int cluster = 1) {
  KernelEntry entry = {reinterpret_cast<const void*>(Kernel), nullptr, threads, shared_bytes, sizeof(Args), units, cluster};
#if !defined(__CUDACC__)
  entry.invoke = [](const void* args) { Kernel(*static_cast<const Args*>(args)); };
#endif
  return entry;
}

}  // namespace longwing::cuda
