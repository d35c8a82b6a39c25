// The kernels hold no barrier too few: a kernel with any one of its barriers removed is found out.
#include <gtest/gtest.h>

#include <cstdlib>

#include "../cpp/random_call.h"
#include "engine_call.h"

namespace longwing::cuda {
namespace {

struct Kernels {
  DType dtype;
  double tolerance;
};

class Barriers : public ::testing::TestWithParam<Kernels> {
 protected:
  // Rows of four warps, so that nothing but barriers orders their threads; gradients make every kernel run, and an activation makes
  // results wait in shared memory.
  static double error_without(int barrier) {
    Random random(5);
    reference::Call call = causal_call(random, 2, 1, 2048, 2048);
    call.activation = Activation::kGelu;
    std::string where;
    simulation::omit_barrier(barrier);
    const double error = engine_error(call, {.dtype = GetParam().dtype}, where);
    simulation::omit_barrier(-1);
    return error;
  }
};

TEST_P(Barriers, NoneIsMissing) {
  simulation::most_barriers();
  EXPECT_LE(error_without(-1), GetParam().tolerance);
  EXPECT_GE(simulation::most_barriers(), 4);
}

TEST_P(Barriers, EachOneIsNeeded) {
  simulation::most_barriers();
  error_without(-1);
  const int barriers = simulation::most_barriers();
  for (int barrier = 0; barrier < std::min(barriers, 6); ++barrier) {
#if defined(__SANITIZE_THREAD__)
    EXPECT_EXIT((error_without(barrier), std::exit(0)), ::testing::ExitedWithCode(66), "data race") << barrier;
#else
    EXPECT_FALSE(error_without(barrier) <= GetParam().tolerance) << barrier;
#endif
  }
}

INSTANTIATE_TEST_SUITE_P(DTypes, Barriers, ::testing::Values(Kernels{DType::kFloat32, 1e-6}, Kernels{DType::kFloat16, 5e-3}),
                         [](const auto& info) { return std::string(to_string(info.param.dtype)); });

}  // namespace
}  // namespace longwing::cuda
