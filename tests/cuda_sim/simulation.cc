#include "simulation.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "device/half.cuh"
#include "device/simulation.h"
#include "fiber.h"

#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif

namespace longwing::cuda::simulation {
namespace {

// A point that all of a group's threads pass together. Two phases in turn, so that one barrier's order does not leak into the next.
struct Barrier {
  int arrived = 0;
  unsigned phase = 0;
  char order[2] = {};
};

enum class State { kReady, kWaiting, kFinished };

struct Lane {
  State state = State::kReady;
  int barriers = 0;  // met so far
  const Barrier* waits_for = nullptr;
};

void release([[maybe_unused]] void* address) {
#if defined(__SANITIZE_THREAD__)
  __tsan_release(address);
#endif
}
void acquire([[maybe_unused]] void* address) {
#if defined(__SANITIZE_THREAD__)
  __tsan_acquire(address);
#endif
}

// What a thread hands to the others of its warp.
struct Handed {
  alignas(16) unsigned char bytes[32];
};

// The block that runs now, or the blocks of a cluster: their threads one block's after the other's.
struct Block {
  const KernelEntry* kernel = nullptr;
  const void* args = nullptr;
  unsigned index[2] = {};
  int threads = 0, blocks = 1;  // of a block, of the cluster
  int current = 0;
  std::vector<Lane> lanes;
  Barrier cluster_barrier;
  std::vector<Barrier> block_barriers;
  std::vector<Barrier> warp_barriers;
  std::vector<Handed> exchange;                          // one a thread
  std::vector<std::unique_ptr<unsigned char[]>> shared;  // one a block
  int all_threads() const { return threads * blocks; }
  char start = 0, end = 0;  // order the launch before every thread, and every thread before what follows the launch
};

// Neither is ever destroyed: threads that a refused barrier left behind are ordered before nothing that follows.
Block& block = *new Block;
std::vector<std::unique_ptr<Fiber>>& fibers = *new std::vector<std::unique_ptr<Fiber>>;
int omitted = -1, most_met = 0;

LONGWING_UNSEEN Handed& handed(int thread) { return block.exchange[static_cast<std::size_t>(thread)]; }
LONGWING_UNSEEN int first_of_warp() { return block.current / kWarpThreads * kWarpThreads; }
LONGWING_UNSEEN Fiber& current_fiber() { return *fibers[static_cast<std::size_t>(block.current)]; }

// Whether the kernel's own next barrier is to be left out. What orders a warp within one instruction is not counted.
LONGWING_UNSEEN bool is_omitted() {
  Lane& lane = block.lanes[static_cast<std::size_t>(block.current)];
  const int met = lane.barriers++;
  most_met = std::max(most_met, lane.barriers);
  return met == omitted;
}

LONGWING_UNSEEN void pass(Barrier& barrier, int members, int first) {
  Lane& lane = block.lanes[static_cast<std::size_t>(block.current)];
  char* const order = &barrier.order[barrier.phase % 2];
  release(order);
  if (++barrier.arrived == members) {
    barrier.arrived = 0;
    ++barrier.phase;
    for (int i = first; i < first + members; ++i) {
      Lane& other = block.lanes[static_cast<std::size_t>(i)];
      if (other.state == State::kWaiting && other.waits_for == &barrier) other.state = State::kReady;
    }
  } else {
    lane.state = State::kWaiting;
    lane.waits_for = &barrier;
    current_fiber().yield();
  }
  acquire(order);
}

// All lanes of the current warp wait for one another.
LONGWING_UNSEEN void pass_warp() {
  const int warp = block.current / kWarpThreads, first = warp * kWarpThreads;
  pass(block.warp_barriers[static_cast<std::size_t>(warp)], std::min(kWarpThreads, block.all_threads() - first), first);
}

LONGWING_UNSEEN void run_thread(void*) {
  acquire(&block.start);
  block.kernel->invoke(block.args);
  release(&block.end);
}

LONGWING_UNSEEN void run_block() {
  release(&block.start);
  for (auto& lane : block.lanes) lane = Lane();
  block.cluster_barrier = Barrier();
  std::fill(block.block_barriers.begin(), block.block_barriers.end(), Barrier());
  std::fill(block.warp_barriers.begin(), block.warp_barriers.end(), Barrier());
  for (int i = 0; i < block.all_threads(); ++i) fibers[static_cast<std::size_t>(i)]->prepare(run_thread, nullptr);
  for (int left = block.all_threads(); left > 0;) {
    bool progress = false;
    for (int i = 0; i < block.all_threads(); ++i) {
      Lane& lane = block.lanes[static_cast<std::size_t>(i)];
      if (lane.state != State::kReady) continue;
      block.current = i;
      progress = true;
      Fiber& fiber = *fibers[static_cast<std::size_t>(i)];
      fiber.resume();
      if (fiber.finished()) {
        lane.state = State::kFinished;
        --left;
      }
    }
    if (!progress) {
      throw std::logic_error("a barrier was reached by " + std::to_string(left) + " threads of " + std::to_string(block.all_threads()) +
                             ", the others have ended or wait elsewhere");
    }
  }
  acquire(&block.end);
}

}  // namespace

LONGWING_UNSEEN int thread_index() { return block.current % block.threads; }
LONGWING_UNSEEN int cluster_rank() { return block.current / block.threads; }
LONGWING_UNSEEN int lane_index() { return block.current % kWarpThreads; }
LONGWING_UNSEEN unsigned block_index(int axis) { return block.index[axis] + (axis == 0 ? static_cast<unsigned>(cluster_rank()) : 0); }
LONGWING_UNSEEN void* shared_memory() { return block.shared[static_cast<std::size_t>(cluster_rank())].get(); }
LONGWING_UNSEEN void* cluster_shared(void* own, int rank) {
  return block.shared[static_cast<std::size_t>(rank)].get() +
         (static_cast<unsigned char*>(own) - static_cast<unsigned char*>(shared_memory()));
}

LONGWING_UNSEEN void block_barrier() {
  if (!is_omitted()) pass(block.block_barriers[static_cast<std::size_t>(cluster_rank())], block.threads, cluster_rank() * block.threads);
}

LONGWING_UNSEEN void cluster_barrier() {
  if (!is_omitted()) pass(block.cluster_barrier, block.all_threads(), 0);
}

LONGWING_UNSEEN void warp_barrier() {
  if (!is_omitted()) pass_warp();
}

void exchange_bytes(void* value, std::size_t size, int source) {
  std::memcpy(handed(block.current).bytes, value, size);
  pass_warp();
  std::memcpy(value, handed(first_of_warp() + source).bytes, size);
  pass_warp();
}

void copy_async(void* shared, const void* global) {
  if (reinterpret_cast<std::uintptr_t>(shared) % 16 != 0 || reinterpret_cast<std::uintptr_t>(global) % 16 != 0) {
    throw std::logic_error("cp.async of 16 bytes needs addresses that are multiples of 16");
  }
  std::memcpy(shared, global, 16);
}

void wait_for_copies() {}

void mma_m16n8k16(float (&d)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2]) {
  // Every lane hands its operands round and works out its own four results, products added up in order of k.
  struct Operands {
    std::uint32_t a[4], b[2];
  };
  const Operands own = {{a[0], a[1], a[2], a[3]}, {b[0], b[1]}};
  std::memcpy(handed(block.current).bytes, &own, sizeof own);
  pass_warp();
  Operands all[kWarpThreads];
  for (int lane = 0; lane < kWarpThreads; ++lane) std::memcpy(&all[lane], handed(first_of_warp() + lane).bytes, sizeof own);
  pass_warp();
  const auto half = [](std::uint32_t pair, int i) { return to_float(Float16{static_cast<std::uint16_t>(pair >> 16 * i)}); };
  const int group = lane_index() / 4, pair = lane_index() % 4;
  for (int i = 0; i < 4; ++i) {
    const int row = group + 8 * (i / 2), column = 2 * pair + i % 2;
    float sum = d[i];
    for (int k = 0; k < 16; ++k) {
      const float left = half(all[row % 8 * 4 + k % 8 / 2].a[row / 8 + 2 * (k / 8)], k % 2);
      const float right = half(all[column * 4 + k % 8 / 2].b[k / 8], k % 2);
      sum = __builtin_fmaf(left, right, sum);
    }
    d[i] = sum;
  }
}

LONGWING_UNSEEN void launch(const KernelEntry& kernel, std::int64_t blocks, int blocks_y, const void* args) {
  block.kernel = &kernel;
  block.args = args;
  block.threads = kernel.threads;
  block.blocks = kernel.cluster;
  block.shared.resize(static_cast<std::size_t>(kernel.cluster));
  block.block_barriers.resize(static_cast<std::size_t>(kernel.cluster));
  const auto threads = static_cast<std::size_t>(block.all_threads());
  block.lanes.resize(threads);
  block.warp_barriers.resize(threads / kWarpThreads + 1);
  block.exchange.resize(threads);
  while (fibers.size() < threads) fibers.push_back(std::make_unique<Fiber>());
  const auto bytes = static_cast<std::size_t>(kernel.shared_bytes);
  for (std::int64_t x = 0; x < blocks; x += kernel.cluster) {
    for (int y = 0; y < blocks_y; ++y) {
      for (auto& shared : block.shared) {
        shared.reset(new unsigned char[bytes]);
        std::memset(shared.get(), 0xff, bytes);  // NaN, in every type
      }
      block.index[0] = static_cast<unsigned>(x);
      block.index[1] = static_cast<unsigned>(y);
      run_block();
    }
  }
}

void omit_barrier(int index) { omitted = index; }

int most_barriers() { return std::exchange(most_met, 0); }

void* SimulatedRuntime::allocate(std::size_t bytes, void*) {
  auto* memory = static_cast<std::size_t*>(std::malloc(bytes + 64));
  if (!memory) throw std::bad_alloc();
  *memory = bytes;
  std::memset(reinterpret_cast<char*>(memory) + 64, 0xff, bytes);
  allocated_ += bytes;
  peak_ = std::max(peak_, allocated_);
  return reinterpret_cast<char*>(memory) + 64;
}

void SimulatedRuntime::free(void* memory, void*) noexcept {
  if (!memory) return;
  auto* const start = reinterpret_cast<std::size_t*>(static_cast<char*>(memory) - 64);
  allocated_ -= *start;
  std::free(start);
}

void* SimulatedRuntime::upload(const void* host, std::size_t bytes) {
  void* const memory = std::malloc(std::max<std::size_t>(bytes, 1));
  if (!memory) throw std::bad_alloc();
  std::memcpy(memory, host, bytes);
  return memory;
}

void SimulatedRuntime::free_upload(void* memory) noexcept { std::free(memory); }

void SimulatedRuntime::launch(const KernelEntry& kernel, std::int64_t blocks, int blocks_y, const void* args, std::size_t, void*) {
  simulation::launch(kernel, blocks, blocks_y, args);
}

}  // namespace longwing::cuda::simulation
