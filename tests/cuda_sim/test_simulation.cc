// The simulation itself: exchanges between threads, the emulated instructions, and what it must find.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "device/compat.cuh"
#include "device/half.cuh"
#include "instances/entry.cuh"
#include "simulation.h"

namespace longwing::cuda {
namespace {

struct BufferArgs {
  float* out = nullptr;
  const float* in = nullptr;
  bool with_barrier = true;
};

// Every thread publishes a number and reads its left neighbour's.
void neighbour(BufferArgs args) {
  auto* shared = shared_memory<float>();
  const int t = thread_index();
  shared[t] = static_cast<float>(t);
  if (args.with_barrier) block_barrier();
  args.out[t] = shared[(t + 63) % 64];
}

TEST(Simulation, ThreadsMeetAtBarriers) {
  std::vector<float> out(64);
  const KernelEntry kernel = entry<BufferArgs, neighbour>(64, 64 * sizeof(float), 1);
  const BufferArgs args = {out.data()};
  simulation::launch(kernel, 1, 1, &args);
  for (int t = 0; t < 64; ++t) EXPECT_EQ(out[static_cast<std::size_t>(t)], static_cast<float>((t + 63) % 64));
}

// Without the barrier thread 0 reads what nobody has written: the NaN that shared memory is filled with; under TSan this is a race.
TEST(Simulation, ShowsAMissingBarrier) {
  const auto run = [] {
    std::vector<float> out(64);
    const KernelEntry kernel = entry<BufferArgs, neighbour>(64, 64 * sizeof(float), 1);
    const BufferArgs args = {out.data(), nullptr, false};
    simulation::launch(kernel, 1, 1, &args);
    return out;
  };
#if defined(__SANITIZE_THREAD__)
  EXPECT_EXIT((run(), std::exit(0)), ::testing::ExitedWithCode(66), "data race");
#else
  EXPECT_TRUE(std::isnan(run()[0]));
#endif
}

void half_of_a_barrier(BufferArgs) {
  if (thread_index() < 32) block_barrier();
}

TEST(Simulation, RefusesABarrierThatNotAllReach) {
  const KernelEntry kernel = entry<BufferArgs, half_of_a_barrier>(64, 0, 1);
  const BufferArgs args;
  EXPECT_THROW(simulation::launch(kernel, 1, 1, &args), std::logic_error);
}

#if defined(__SANITIZE_ADDRESS__)
void beyond_shared(BufferArgs args) {
  if (thread_index() == 0) args.out[0] = shared_memory<float>()[64];
}

TEST(Simulation, SharedMemoryIsAsLargeAsAsked) {
  float out = 0;
  const KernelEntry kernel = entry<BufferArgs, beyond_shared>(64, 64 * sizeof(float), 1);
  const BufferArgs args = {&out};
  EXPECT_DEATH(simulation::launch(kernel, 1, 1, &args), "heap-buffer-overflow");
}
#endif

void shuffles(BufferArgs args) {
  const int t = thread_index();
  args.out[t] = shuffle_xor(static_cast<float>(t), 5) + 100 * shuffle(static_cast<float>(t), 3);
}

TEST(Simulation, ShufflesWithinAWarp) {
  std::vector<float> out(64);
  const KernelEntry kernel = entry<BufferArgs, shuffles>(64, 0, 1);
  const BufferArgs args = {out.data()};
  simulation::launch(kernel, 1, 1, &args);
  for (int t = 0; t < 64; ++t) EXPECT_EQ(out[static_cast<std::size_t>(t)], static_cast<float>((t ^ 5) + 100 * (t / 32 * 32 + 3)));
}

// Every thread copies four numbers and reads those that its right neighbour copied.
void copies(BufferArgs args) {
  auto* shared = shared_memory<float>();
  const int t = thread_index();
  copy_async(shared + 4 * t, args.in + 4 * t);
  wait_for_copies();
  block_barrier();
  for (int i = 0; i < 4; ++i) args.out[4 * t + i] = shared[4 * ((t + 1) % 64) + i];
}

TEST(Simulation, CopiesToSharedMemory) {
  alignas(16) float in[256];
  std::vector<float> out(256);
  for (int i = 0; i < 256; ++i) in[i] = static_cast<float>(i);
  const KernelEntry kernel = entry<BufferArgs, copies>(64, 256 * sizeof(float), 1);
  const BufferArgs args = {out.data(), in};
  simulation::launch(kernel, 1, 1, &args);
  for (std::size_t i = 0; i < 256; ++i) EXPECT_EQ(out[i], static_cast<float>((i + 4) % 256));
}

std::uint32_t pair(float low, float high) { return to_float16(low).bits | static_cast<std::uint32_t>(to_float16(high).bits) << 16; }

// in = A (16x16, by rows) then B (16x8, by rows); out = A·B (16x8, by rows)
void multiply(BufferArgs args) {
  const int group = thread_index() / 4, two = 2 * (thread_index() % 4);
  const float *a = args.in, *b = args.in + 256;
  const auto a_at = [&](int row, int k) { return pair(a[row * 16 + k], a[row * 16 + k + 1]); };
  const auto b_at = [&](int k, int column) { return pair(b[k * 8 + column], b[(k + 1) * 8 + column]); };
  const std::uint32_t left[4] = {a_at(group, two), a_at(group + 8, two), a_at(group, two + 8), a_at(group + 8, two + 8)};
  const std::uint32_t right[2] = {b_at(two, group), b_at(two + 8, group)};
  float d[4] = {};
  mma_m16n8k16(d, left, right);
  for (int i = 0; i < 4; ++i) args.out[(group + 8 * (i / 2)) * 8 + two + i % 2] = d[i];
}

TEST(Simulation, MultipliesTiles) {
  std::vector<float> in(256 + 128), out(128);
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = static_cast<float>((i * 37 + i / 16 * 11) % 23) - 11;
  const KernelEntry kernel = entry<BufferArgs, multiply>(32, 0, 1);
  const BufferArgs args = {out.data(), in.data()};
  simulation::launch(kernel, 1, 1, &args);
  for (std::size_t row = 0; row < 16; ++row) {
    for (std::size_t column = 0; column < 8; ++column) {
      float sum = 0;
      for (std::size_t k = 0; k < 16; ++k) sum += in[row * 16 + k] * in[256 + k * 8 + column];
      EXPECT_EQ(out[row * 8 + column], sum);
    }
  }
}

TEST(Half, ConversionsRoundToNearestEven) {
  for (std::uint32_t bits = 0; bits < 0x10000u; ++bits) {
    const Float16 half = {static_cast<std::uint16_t>(bits)};
    const BFloat16 brain = {half.bits};
    EXPECT_TRUE(to_float16(to_float(half)).bits == half.bits || std::isnan(to_float(half)));
    EXPECT_TRUE(to_bfloat16(to_float(brain)).bits == brain.bits || std::isnan(to_float(brain)));
  }
  EXPECT_EQ(to_float16(1 + 0x1p-11f).bits, 0x3c00);  // a tie, to even
  EXPECT_EQ(to_float16(1 + 0x3p-11f).bits, 0x3c02);
  EXPECT_EQ(to_float16(65519.0f).bits, 0x7bff);
  EXPECT_EQ(to_float16(65520.0f).bits, 0x7c00);
  EXPECT_EQ(to_float16(0x1p-25f).bits, 0);
  EXPECT_EQ(to_float16(0x1.8p-24f).bits, 2);
  EXPECT_EQ(to_bfloat16(1 + 0x1p-8f).bits, 0x3f80);
  EXPECT_EQ(to_bfloat16(1 + 0x3p-8f).bits, 0x3f82);
  EXPECT_TRUE(std::isnan(to_float(to_float16(NAN))));
  EXPECT_TRUE(std::isnan(to_float(to_bfloat16(NAN))));
}

}  // namespace
}  // namespace longwing::cuda
