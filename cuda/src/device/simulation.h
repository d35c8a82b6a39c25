// What the CPU twins of compat.cuh ask of the simulation, which runs each CUDA thread as a fiber. tests/cuda_sim implements it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace longwing::cuda::simulation {

int thread_index();
int lane_index();
unsigned block_index(int axis);
void* shared_memory();

int cluster_rank();
void* cluster_shared(void* own, int rank);
void cluster_barrier();
void block_barrier();
void warp_barrier();

/// Every lane hands in `size` <= 16 bytes and gets those of lane `source`.
void exchange_bytes(void* value, std::size_t size, int source);

template <class T>
T exchange(T value, int source) {
  exchange_bytes(&value, sizeof value, source);
  return value;
}

void copy_async(void* shared, const void* global);
void wait_for_copies();
void mma_m16n8k16(float (&d)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2]);

}  // namespace longwing::cuda::simulation
