// Bad specs and views are typed errors that name the argument and the value.
#include <gtest/gtest.h>

#include <utility>
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
  constexpr std::int64_t kTooLong = (std::int64_t{1} << 48) + 1;
  const std::pair<ConvSpec, const char*> cases[] = {
      {{.length = 0, .filter_length = 1}, "length must be in [1, 2**48], got 0"},
      {{.length = kTooLong, .filter_length = 1}, "length must be in [1, 2**48], got 281474976710657"},
      {{.length = 1, .filter_length = -3}, "filter_length must be in [1, 2**48], got -3"},
      {{.length = 1, .filter_length = 1, .channels = -1}, "channels must be in [1, 2**48], got -1"},
      {{.length = 1, .filter_length = 1, .channels = 3, .groups = 2}, "groups=2, channels=3"},
      {{.length = 1, .filter_length = 1, .channels = 3, .groups = -3}, "groups must be in [1, 2**48], got -3"},
      {{.length = 1, .filter_length = 1, .reverse_length = -1}, "reverse_length must be in [0, 2**48], got -1"},
      {{.length = 4, .filter_length = 4, .reverse_length = 2, .mode = Mode::kFull},
       "reverse_filter (reverse_length=2) is supported in modes causal and circular, got mode=full"},
      {{.length = 4, .filter_length = 4, .reverse_length = 2, .mode = Mode::kSame}, "causal and circular, got mode=same"},
  };
  for (const auto& [spec, words] : cases) {
    expect_error<ValueError>(words, [&spec = spec] { ConvPlan{spec}; });
  }
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

// A call that is right as it stands, for a test to spoil.
struct Arrays {
  std::vector<float> memory = std::vector<float>(12 * 24);
  TensorView take(std::initializer_list<std::int64_t> shape) { return TensorView(memory.data() + 24 * used++, shape); }
  std::size_t used = 0;
  TensorView u = take({2, 3, 4}), k = take({1, 4}), out = take({2, 3, 4}), gate = take({2, 3, 4}), skip = take({3});

  LongConvArgs call() { return {.u = u, .k = k, .skip = skip, .pre_gate = gate, .post_gate = gate, .out = out}; }
};

TEST(Validation, OneShotArguments) {
  Arrays a;
  std::vector<double> doubles(24);
  using Spoil = void (*)(LongConvArgs&, Arrays&);
  const std::pair<Spoil, const char*> cases[] = {
      {[](LongConvArgs& c, Arrays& arrays) { c.u = TensorView(arrays.memory.data(), {2, 0, 4}); },
       "u must have at least one channel, got 0"},
      {[](LongConvArgs& c, Arrays& arrays) { c.k = TensorView(arrays.memory.data(), {1, 0}); }, "k must have at least one tap, got 0"},
      {[](LongConvArgs& c, Arrays&) { c.filter_bank = true; }, "k must have rank 3, (bank, groups, taps), with filter_bank, got (1, 4)"},
      {[](LongConvArgs& c, Arrays& arrays) { c.k = TensorView(arrays.memory.data(), {3, 1, 4}); }, "filter_bank=True"},
      {[](LongConvArgs& c, Arrays&) { c.mode = Mode::kFull; }, "skip is supported in modes causal, circular and same, got mode=full"},
      {[](LongConvArgs& c, Arrays& arrays) { c.skip = arrays.k; }, "skip must have shape (3,), got (1, 4)"},
      {[](LongConvArgs& c, Arrays& arrays) { c.pre_gate = arrays.k; }, "pre_gate must have shape (2, 3, 4), got (1, 4)"},
      {[](LongConvArgs& c, Arrays& arrays) { c.post_gate = arrays.skip; }, "post_gate must have shape (2, 3, 4), got (3,)"},
      {[](LongConvArgs& c, Arrays& arrays) { c.reverse_filter = arrays.skip; }, "reverse_filter must have k's rank 2, got shape (3,)"},
      {[](LongConvArgs& c, Arrays&) { c.out.strides[0] = 0; }, "out must not repeat elements, got stride 0 on axis 0"},
      {[](LongConvArgs& c, Arrays&) { c.out.data = nullptr; }, "out has elements and a null address"},
      {[](LongConvArgs& c, Arrays& arrays) { c.out = arrays.gate; }, "out must not overlap pre_gate"},
      {[](LongConvArgs& c, Arrays& arrays) { c.out.data = arrays.k.data; }, "out must not overlap k"},
  };
  for (const auto& [spoil, words] : cases) {
    expect_error<ValueError>(words, [&, spoil = spoil] {
      LongConvArgs call = a.call();
      spoil(call, a);
      long_conv(call);
    });
  }
  LongConvArgs mixed = a.call();
  mixed.pre_gate = TensorView(doubles.data(), {2, 3, 4});
  expect_error<TypeError>("pre_gate must have u's dtype float32, got float64", [&] { long_conv(mixed); });
  mixed = a.call();
  mixed.out = TensorView(doubles.data(), {2, 3, 4});
  expect_error<TypeError>("out must have u's dtype float32, got float64", [&] { long_conv(mixed); });
  mixed = a.call();
  mixed.k.device = {DeviceType::kCuda, 2};
  expect_error<TypeError>("k must be on the plan's device cpu:0, got cuda:2", [&] { long_conv(mixed); });
}

TEST(Validation, BackwardArguments) {
  Arrays a;
  const ConvPlan plan({.length = 4, .filter_length = 4, .channels = 3, .groups = 1});
  const Spectrum spectrum = plan.spectrum(a.k), none;
  const TensorView dy = a.gate, du = a.out;
  expect_error<ValueError>("spectrum is empty", [&] { plan.backward({.dy = dy, .u = a.u, .spectrum = none, .du = du}); });
  expect_error<ValueError>("dy must have shape (2, 3, 4), got (1, 4)",
                           [&] { plan.backward({.dy = a.k, .u = a.u, .spectrum = spectrum, .du = du}); });
  expect_error<ValueError>("dk must have shape (1, 4), got (3,)",
                           [&] { plan.backward({.dy = dy, .u = a.u, .spectrum = spectrum, .dk = a.skip}); });
  expect_error<ValueError>("dskip was asked for, but skip was not given",
                           [&] { plan.backward({.dy = dy, .u = a.u, .spectrum = spectrum, .dskip = a.skip}); });
  expect_error<ValueError>("dreverse_filter was asked for",
                           [&] { plan.backward({.dy = dy, .u = a.u, .spectrum = spectrum, .dreverse_filter = a.k}); });
  expect_error<ValueError>("du must not overlap dy", [&] { plan.backward({.dy = dy, .u = a.u, .spectrum = spectrum, .du = dy}); });
  TensorView dk = a.k;
  dk.data = du.data;
  expect_error<ValueError>("dk must not overlap du",
                           [&] { plan.backward({.dy = dy, .u = a.u, .spectrum = spectrum, .du = du, .dk = dk}); });
}

TEST(Validation, PlanCalls) {
  Arrays a;
  const ConvPlan plan({.length = 4, .filter_length = 4, .channels = 3, .groups = 1}),
      reversed({.length = 4, .filter_length = 4, .channels = 3, .groups = 1, .reverse_length = 2});
  expect_error<ValueError>("k must have shape (1, 4), got (1, 3)", [&] { plan.spectrum(TensorView(a.u.data, DType::kFloat32, {1, 3})); });
  expect_error<ValueError>("reverse_filter is missing: the plan has reverse_length=2", [&] { reversed.spectrum(a.k); });
  expect_error<ValueError>("reverse_filter was given to a plan with reverse_length=0", [&] { plan.spectrum(a.k, a.k); });
  expect_error<ValueError>("batch must be >= 0, got -1", [&] { plan.workspace_bytes(-1); });
  const Spectrum spectrum = plan.spectrum(a.k);
  expect_error<TypeError>("u must have the plan's dtype float32, got float64", [&] {
    plan.forward({.u = TensorView(a.u.data, DType::kFloat64, {1, 3, 4}), .spectrum = spectrum, .out = a.out});
  });
  expect_error<ValueError>("u must have shape (..., 3, 4), got (1, 4)",
                           [&] { plan.forward({.u = a.k, .spectrum = spectrum, .out = a.out}); });
}

TEST(Validation, SpectrumOfAnotherPlan) {
  std::vector<float> u(8), y(8);
  const ConvPlan plan({.length = 8, .filter_length = 8}), other({.length = 8, .filter_length = 7});
  const Spectrum spectrum = other.spectrum(TensorView(u.data(), {1, 7}));
  expect_error<ValueError>("spectrum belongs to a plan of another spec", [&] {
    plan.forward({.u = TensorView(u.data(), {1, 8}), .spectrum = spectrum, .out = TensorView(y.data(), {1, 8})});
  });
}

}  // namespace
}  // namespace longwing
