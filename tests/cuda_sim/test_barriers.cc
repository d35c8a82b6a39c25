// The kernels hold no barrier too few: a kernel with any one of its barriers removed is found out.
#include <gtest/gtest.h>

#include <cstdlib>

#include "../cpp/random_call.h"
#include "engine_call.h"

namespace longwing::cuda {
namespace {

constexpr double kTolerance = 1e-6;

// Rows of four warps, so that nothing but barriers orders their threads; gradients make every kernel run.
double error_without(int barrier) {
  Random random(5);
  const reference::Call call = causal_call(random, 2, 1, 2048, 2048);
  std::string where;
  simulation::omit_barrier(barrier);
  const double error = engine_error(call, {.dtype = DType::kFloat32, .tolerance = kTolerance}, where);
  simulation::omit_barrier(-1);
  return error;
}

TEST(Barriers, NoneIsMissing) {
  simulation::most_barriers();
  EXPECT_LE(error_without(-1), kTolerance);
  EXPECT_GE(simulation::most_barriers(), 4);
}

TEST(Barriers, EachOneIsNeeded) {
  simulation::most_barriers();
  error_without(-1);
  const int barriers = simulation::most_barriers();
  for (int barrier = 0; barrier < std::min(barriers, 6); ++barrier) {
#if defined(__SANITIZE_THREAD__)
    EXPECT_EXIT((error_without(barrier), std::exit(0)), ::testing::ExitedWithCode(66), "data race") << barrier;
#else
    EXPECT_FALSE(error_without(barrier) <= kTolerance) << barrier;
#endif
  }
}

}  // namespace
}  // namespace longwing::cuda
