// The kernels hold no barrier too few: a kernel with any one of its barriers removed is found out, by its results or by TSan.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "../cpp/random_call.h"
#include "arranged_call.h"
#include "engine_call.h"
#include "simulation.h"

namespace longwing::cuda {
namespace {

struct Rows {
  const char* name;
  DType dtype;
  std::int64_t length;
};

class Barriers : public ::testing::TestWithParam<Rows> {
 protected:
  // Rows of four warps and more, so that nothing but barriers orders their threads; gradients make every kernel run, and an activation
  // makes results wait in shared memory.
  static ArrangedCall::Results results_without(int barrier) {
    Random random(5);
    reference::Call call = causal_call(random, 2, 1, GetParam().length, GetParam().length);
    call.activation = Activation::kGelu;
    simulation::SimulatedRuntime runtime(kLargeDevice);
    simulation::omit_barrier(barrier);
    const ArrangedCall::Results results = ArrangedCall(call, {GetParam().dtype}).run(runtime);
    simulation::omit_barrier(-1);
    return results;
  }
};

TEST_P(Barriers, EachOneIsNeeded) {
  simulation::most_barriers();
  const ArrangedCall::Results whole = results_without(-1);
  const int barriers = simulation::most_barriers();
  EXPECT_GE(barriers, 4);
  const ArrangedCall::Results again = results_without(-1);  // so that a difference is the barrier's doing
  ASSERT_TRUE(again.y == whole.y && again.k == whole.k && again.values.u == whole.values.u);
  for (int barrier = 0; barrier < std::min(barriers, 6); ++barrier) {
#if defined(__SANITIZE_THREAD__)
    EXPECT_EXIT((results_without(barrier), std::exit(0)), ::testing::ExitedWithCode(66), "data race") << barrier;
#else
    const ArrangedCall::Results results = results_without(barrier);
    EXPECT_FALSE(results.y == whole.y && results.k == whole.k && results.values.u == whole.values.u) << barrier;
#endif
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, Barriers,
                         ::testing::Values(Rows{"float32", DType::kFloat32, 2048}, Rows{"tensor", DType::kFloat16, 2048},
                                           Rows{"cluster", DType::kFloat32, 32768}),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace longwing::cuda
