// What kernels use of the machine: each built-in and each PTX instruction in one function, with a twin for the CPU.
//
// nvcc compiles the upper half of each; a host compiler the lower one, which asks the simulation that runs one fiber per CUDA thread
// (simulation.h; tests/cuda_sim). So kernels are plain C++ to a host compiler, and its sanitizers check them.
#pragma once

#include <cstdint>

#include "core/hd.h"

#if !defined(__CUDACC__)
#define __global__
#define __launch_bounds__(...)
#define __grid_constant__
#include "device/simulation.h"
#endif

namespace longwing::cuda {

constexpr int kWarpThreads = 32;
constexpr unsigned kFullWarp = 0xffffffffu;

LONGWING_HD int thread_index() {
#if defined(__CUDA_ARCH__)
  return static_cast<int>(threadIdx.x);
#elif !defined(__CUDACC__)
  return simulation::thread_index();
#else
  return 0;
#endif
}

/// Axis 0 is x, 1 is y.
LONGWING_HD unsigned block_index(int axis = 0) {
#if defined(__CUDA_ARCH__)
  return axis == 0 ? blockIdx.x : blockIdx.y;
#elif !defined(__CUDACC__)
  return simulation::block_index(axis);
#else
  return static_cast<unsigned>(axis);
#endif
}

/// The launch's dynamic shared memory, aligned to 16 bytes.
template <class T>
LONGWING_HD T* shared_memory() {
#if defined(__CUDA_ARCH__)
  extern __shared__ __align__(16) unsigned char memory[];
  return reinterpret_cast<T*>(memory);
#elif !defined(__CUDACC__)
  return static_cast<T*>(simulation::shared_memory());
#else
  return nullptr;
#endif
}

LONGWING_HD void block_barrier() {
#if defined(__CUDA_ARCH__)
  __syncthreads();
#elif !defined(__CUDACC__)
  simulation::block_barrier();
#endif
}

/// Whether the code that is compiled now may run in clusters of blocks.
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 900
constexpr bool kHasClusters = false;
#else
constexpr bool kHasClusters = true;
#endif

/// Number of this block in its cluster.
LONGWING_HD int cluster_rank() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
  unsigned rank;
  asm("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank));
  return static_cast<int>(rank);
#elif !defined(__CUDACC__)
  return simulation::cluster_rank();
#else
  return 0;
#endif
}

/// Where block `rank` of the cluster has what is at `own` in this block's shared memory.
template <class T>
LONGWING_HD T* cluster_shared(T* own, int rank) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
  T* other;
  asm("mapa.u64 %0, %1, %2;" : "=l"(other) : "l"(own), "r"(rank));
  return other;
#elif !defined(__CUDACC__)
  return static_cast<T*>(simulation::cluster_shared(own, rank));
#else
  return rank == 0 ? own : nullptr;
#endif
}

/// All threads of the cluster's blocks take part.
LONGWING_HD void cluster_barrier() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
  asm volatile("barrier.cluster.arrive.release.aligned;\n\tbarrier.cluster.wait.acquire.aligned;" ::: "memory");
#elif !defined(__CUDACC__)
  simulation::cluster_barrier();
#endif
}

/// All 32 lanes take part.
LONGWING_HD void warp_barrier() {
#if defined(__CUDA_ARCH__)
  __syncwarp();
#elif !defined(__CUDACC__)
  simulation::warp_barrier();
#endif
}

/// value of lane (own lane ^ mask); all 32 lanes take part.
template <class T>
LONGWING_HD T shuffle_xor(T value, int mask) {
#if defined(__CUDA_ARCH__)
  return __shfl_xor_sync(kFullWarp, value, mask);
#elif !defined(__CUDACC__)
  return simulation::exchange(value, simulation::lane_index() ^ mask);
#else
  return value;
#endif
}

/// value of lane `source`; all 32 lanes take part.
template <class T>
LONGWING_HD T shuffle(T value, int source) {
#if defined(__CUDA_ARCH__)
  return __shfl_sync(kFullWarp, value, source);
#elif !defined(__CUDACC__)
  return simulation::exchange(value, source);
#else
  return value;
#endif
}

/// Copies 16 bytes from global to shared memory without a register on the way; both addresses are multiples of 16.
LONGWING_HD void copy_async(void* shared, const void* global) {
#if defined(__CUDA_ARCH__)
  const unsigned address = static_cast<unsigned>(__cvta_generic_to_shared(shared));
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(address), "l"(global) : "memory");
#elif !defined(__CUDACC__)
  simulation::copy_async(shared, global);
#endif
}

/// Waits for the thread's own copies; a barrier makes them visible to the others.
LONGWING_HD void wait_for_copies() {
#if defined(__CUDA_ARCH__)
  asm volatile("cp.async.wait_all;" ::: "memory");
#elif !defined(__CUDACC__)
  simulation::wait_for_copies();
#endif
}

/// d += a·b of a warp: a 16x16 float16 (row major), b 16x8 float16 (column major), d 16x8 float32, in the register layout of
/// mma.sync.aligned.m16n8k16: with g = lane/4 and t = lane%4, a[0] = A[g][2t..], a[1] = A[g+8][2t..], a[2] = A[g][2t+8..],
/// a[3] = A[g+8][2t+8..], b[0] = B[2t..][g], b[1] = B[2t+8..][g], d = {D[g][2t], D[g][2t+1], D[g+8][2t], D[g+8][2t+1]}.
LONGWING_HD void mma_m16n8k16(float (&d)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2]) {
#if defined(__CUDA_ARCH__)
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
               : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#elif !defined(__CUDACC__)
  simulation::mma_m16n8k16(d, a, b);
#endif
}

/// x, of which the compiler knows nothing: what follows from it is computed where it is needed, not held in registers around a loop.
LONGWING_HD int opaque(int x) {
#if defined(__CUDA_ARCH__)
  asm volatile("" : "+r"(x));
#endif
  return x;
}

/// x with its bits read as another type of the same size.
template <class To, class From>
LONGWING_HD To bit_cast(From x) {
  static_assert(sizeof(To) == sizeof(From));
  To y;
  __builtin_memcpy(&y, &x, sizeof y);
  return y;
}

}  // namespace longwing::cuda
