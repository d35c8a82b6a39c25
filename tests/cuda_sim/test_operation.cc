// The engine on the simulation against the oracle: random calls over every argument, every dtype, one pass and three.
#include <gtest/gtest.h>

#include "../cpp/random_call.h"
#include "engine_call.h"

namespace longwing::cuda {
namespace {

// A device whose blocks hold rows of 2^log2n points at most.
DeviceLimits holding(int log2n, Arithmetic arithmetic) {
  const int number = arithmetic == Arithmetic::kFloat64 ? 8 : 4;
  return {.architecture = 90,
          .multiprocessors = 2,
          .shared_bytes = std::max(kernel_table(arithmetic).rows[log2n].convolve.shared_bytes, (2 << log2n) * number),
          .memory_bytes = 0,
          .l2_bytes = 0};
}

struct Case {
  const char* name;
  DType dtype;
  double tolerance;
};

// Relative L2 errors of random calls, gradients through activations included.
constexpr Case kCases[] = {{"float64", DType::kFloat64, 1e-13},
                           {"float32", DType::kFloat32, 1e-6},
                           {"float16", DType::kFloat16, 1e-3},
                           {"bfloat16", DType::kBFloat16, 8e-3}};

class Operation : public ::testing::TestWithParam<Case> {};

void check(const reference::Call& call, const Setting& setting, int i) {
  std::string where;
  EXPECT_LE(engine_error(call, setting, where), setting.tolerance) << where << " of call " << i;
  if (!::testing::Test::HasFailure()) return;
  simulation::SimulatedRuntime runtime(setting.limits);
  ADD_FAILURE() << Engine(spec_of(call, setting.dtype), runtime).explain() << "\nkind " << static_cast<int>(call.kind) << " batch "
                << call.batch << " filters " << call.filters << " taps " << call.taps << " activation " << static_cast<int>(call.activation)
                << " gates " << call.pre_gate.size() << " " << call.post_gate.size() << " skip " << call.skip.size();
}

TEST_P(Operation, MatchesTheOracle) {
  Random random(1);
  for (int i = 0; i < 40 && !HasFailure(); ++i) {
    check(random_call(random, i % 8 == 0 ? 500 : 70), {.dtype = GetParam().dtype, .tolerance = GetParam().tolerance}, i);
  }
}

TEST_P(Operation, MatchesTheOracleInThreePasses) {
  const Arithmetic arithmetic = GetParam().dtype == DType::kFloat64 ? Arithmetic::kFloat64 : Arithmetic::kFloat32;
  Random random(2);
  for (int i = 0; i < 20 && !HasFailure(); ++i) {
    check(random_call(random, i % 8 == 0 ? 1500 : 300),
          {.dtype = GetParam().dtype, .limits = holding(6, arithmetic), .tolerance = GetParam().tolerance}, i);
  }
}

INSTANTIATE_TEST_SUITE_P(Dtypes, Operation, ::testing::ValuesIn(kCases), [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace longwing::cuda
