// Bad specs and views are typed errors that name the argument and the value.
#include <gtest/gtest.h>

#include <vector>

#include "longwing/longwing.h"

namespace longwing {
namespace {

template <class ErrorType, class Call>
void expect_error(const std::string& words, const Call& call) {
  try {
    call();
    FAIL() << "no error: " << words;
  } catch (const ErrorType& error) {
    EXPECT_NE(std::string(error.what()).find(words), std::string::npos) << error.what();
  }
}

TEST(Validation, Specs) {
  expect_error<ValueError>("length must be in [1, 2**48], got 0", [] { ConvPlan({.length = 0, .filter_length = 1}); });
  expect_error<ValueError>("filter_length", [] { ConvPlan({.length = 1, .filter_length = -3}); });
  expect_error<ValueError>("groups=2, channels=3", [] { ConvPlan({.length = 1, .filter_length = 1, .channels = 3, .groups = 2}); });
  expect_error<ValueError>("mode=full", [] { ConvPlan({.length = 4, .filter_length = 4, .reverse_length = 2, .mode = Mode::kFull}); });
  expect_error<RuntimeError>("cuda", [] { ConvPlan({.length = 4, .filter_length = 4, .device = {DeviceType::kCuda, 0}}); });
}

TEST(Validation, Views) {
  std::vector<float> u(24), k(8), y(24);
  const auto call = [&](TensorView a, TensorView b, TensorView out) { long_conv({.u = a, .k = b, .out = out}); };
  const TensorView good_u(u.data(), {2, 3, 4}), good_k(k.data(), {1, 4}), good_y(y.data(), {2, 3, 4});
  expect_error<ValueError>("u must have rank >= 2", [&] { call(TensorView(u.data(), {24}), good_k, good_y); });
  expect_error<ValueError>("k must have rank 2", [&] { call(good_u, TensorView(k.data(), {4}), good_y); });
  expect_error<ValueError>("groups that divides", [&] { call(good_u, TensorView(k.data(), {2, 4}), good_y); });
  expect_error<ValueError>("out must have shape (2, 3, 4), got (2, 12)", [&] { call(good_u, good_k, TensorView(y.data(), {2, 12})); });
  expect_error<ValueError>("out must not overlap", [&] { call(good_u, good_k, good_u); });
  expect_error<TypeError>("read-only", [&] { call(good_u, good_k, TensorView(static_cast<const float*>(y.data()), {2, 3, 4})); });
}

TEST(Validation, OverlapIsExactForInterleavedViews) {
  std::vector<float> memory(16);
  TensorView even(memory.data(), {8}), odd(memory.data() + 1, {8});
  even.strides[0] = odd.strides[0] = 2;
  EXPECT_FALSE(may_overlap(even, odd));
  EXPECT_TRUE(may_overlap(even, TensorView(memory.data() + 2, {3})));
}

TEST(Validation, SpectrumOfAnotherPlan) {
  std::vector<float> u(8), y(8);
  const ConvPlan plan({.length = 8, .filter_length = 8}), other({.length = 8, .filter_length = 7});
  const Spectrum spectrum = other.spectrum(TensorView(u.data(), {1, 7}));
  expect_error<ValueError>("spectrum belongs to a plan of another spec", [&] {
    plan.forward({.u = TensorView(u.data(), {1, 8}), .spectrum = spectrum, .out = TensorView(y.data(), {1, 8})});
  });
}

TEST(PlanCache, IsBoundedInBytes) {
  const std::size_t before = set_plan_cache_limit(100000);
  for (std::int64_t length = 1000; length < 1050; ++length) ConvPlan({.length = length, .filter_length = length});
  EXPECT_LE(plan_cache_info().bytes, 100000u);
  clear_plan_cache();
  EXPECT_EQ(plan_cache_info().plans, 0u);
  set_plan_cache_limit(before);
}

}  // namespace
}  // namespace longwing
