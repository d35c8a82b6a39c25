// The public interface against the oracle: random calls over every mode, filter kind and argument, forward and backward.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "longwing/longwing.h"
#include "random_call.h"
#include "reference/convolution.h"

namespace longwing {
namespace {

using reference::Call;
using reference::Values;

ConvSpec spec_of(const Call& c) {
  return {.length = c.length,
          .filter_length = c.taps,
          .channels = c.channels,
          .groups = c.groups,
          .reverse_length = c.reverse_taps,
          .mode = c.mode,
          .reverse_lag = c.reverse_lag,
          .dtype = DType::kFloat64};
}

// Views over the call's arrays, or over results of their sizes.
struct Views {
  const Call& c;

  TensorView rows(Values& v, std::int64_t length, bool bank) const {
    if (bank) return TensorView(v.data(), {c.batch, c.filters, c.channels, length});
    return TensorView(v.data(), {c.batch, c.channels, length});
  }
  TensorView filter(Values& v, std::int64_t taps) const {
    if (c.kind == FilterKind::kShared) return TensorView(v.data(), {c.groups, taps});
    return TensorView(v.data(), {c.filters, c.groups, taps});
  }
  std::optional<TensorView> given(Values& v, const TensorView& view) const { return v.empty() ? std::optional<TensorView>() : view; }
};

void expect_close(const char* name, const Values& actual, const Values& expected, double limit) {
  double error = 0, size = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    error += (actual[i] - expected[i]) * (actual[i] - expected[i]);
    size += expected[i] * expected[i];
  }
  // A result of few elements may nearly cancel: its size is then that of one unit sample an element.
  const double scale = std::sqrt(size) + 1e-2 * std::sqrt(static_cast<double>(expected.size()));
  EXPECT_LE(std::sqrt(error), limit * scale) << name;
}

// Absent values have no address to compare at.
bool same_bits(const Values& a, const Values& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0);
}

void check(Call& c) {
  const bool bank = c.kind == FilterKind::kBank;
  const Views v{c};
  const reference::Result expected = evaluate(c);
  reference::Result actual = expected;
  for (Values* values : {&actual.y, &actual.u, &actual.k, &actual.reverse_filter, &actual.skip, &actual.pre_gate, &actual.post_gate}) {
    std::fill(values->begin(), values->end(), 7.0);
  }
  const auto filter = v.filter(c.k, c.taps);
  const auto reverse = v.given(c.reverse_filter, v.filter(c.reverse_filter, c.reverse_taps));
  const auto skip = v.given(c.skip, TensorView(c.skip.data(), {c.channels}));
  const auto pre = v.given(c.pre_gate, v.rows(c.pre_gate, c.length, false));
  const auto post = v.given(c.post_gate, v.rows(c.post_gate, c.output_length, c.gate_per_filter));
  const auto u = v.rows(c.u, c.length, false);

  long_conv({.u = u,
             .k = filter,
             .mode = c.mode,
             .reverse_filter = reverse,
             .reverse_lag = c.reverse_lag,
             .skip = skip,
             .pre_gate = pre,
             .post_gate = post,
             .activation = c.activation,
             .filter_bank = bank,
             .out = v.rows(actual.y, c.output_length, bank)});
  expect_close("y", actual.y, expected.y, 1e-12);

  const ConvPlan plan(spec_of(c));
  const Spectrum spectrum = plan.spectrum(filter, reverse, bank);
  Values again(actual.y.size());
  plan.forward({.u = u,
                .spectrum = spectrum,
                .skip = skip,
                .pre_gate = pre,
                .post_gate = post,
                .activation = c.activation,
                .out = v.rows(again, c.output_length, bank)});
  Values on_the_way(again.size());
  plan.forward({.u = u,
                .spectrum = plan.borrow(filter, reverse, bank),
                .skip = skip,
                .pre_gate = pre,
                .post_gate = post,
                .activation = c.activation,
                .out = v.rows(on_the_way, c.output_length, bank)});
  EXPECT_TRUE(same_bits(on_the_way, actual.y)) << "borrowed filter";
  EXPECT_TRUE(same_bits(again, actual.y)) << "cached spectrum";

  const auto differentiate = [&](const Spectrum& of_filter, reference::Result& gradients) {
    plan.backward({.dy = v.rows(c.dy, c.output_length, bank),
                   .u = u,
                   .spectrum = of_filter,
                   .skip = skip,
                   .pre_gate = pre,
                   .post_gate = post,
                   .activation = c.activation,
                   .du = v.rows(gradients.u, c.length, false),
                   .dk = v.filter(gradients.k, c.taps),
                   .dreverse_filter = v.given(gradients.reverse_filter, v.filter(gradients.reverse_filter, c.reverse_taps)),
                   .dskip = v.given(gradients.skip, TensorView(gradients.skip.data(), {c.channels})),
                   .dpre_gate = v.given(gradients.pre_gate, v.rows(gradients.pre_gate, c.length, false)),
                   .dpost_gate = v.given(gradients.post_gate, v.rows(gradients.post_gate, c.output_length, c.gate_per_filter))});
  };
  differentiate(spectrum, actual);
  reference::Result borrowed = expected;
  differentiate(plan.borrow(filter, reverse, bank), borrowed);
  EXPECT_TRUE(same_bits(borrowed.u, actual.u) && same_bits(borrowed.k, actual.k) && same_bits(borrowed.skip, actual.skip) &&
              same_bits(borrowed.reverse_filter, actual.reverse_filter) && same_bits(borrowed.pre_gate, actual.pre_gate) &&
              same_bits(borrowed.post_gate, actual.post_gate))
      << "borrowed filter";
  expect_close("du", actual.u, expected.u, 1e-12);
  expect_close("dk", actual.k, expected.k, 1e-12);
  expect_close("dreverse_filter", actual.reverse_filter, expected.reverse_filter, 1e-12);
  expect_close("dskip", actual.skip, expected.skip, 1e-12);
  expect_close("dpre_gate", actual.pre_gate, expected.pre_gate, 1e-12);
  expect_close("dpost_gate", actual.post_gate, expected.post_gate, 1e-12);
}

class Operation : public ::testing::TestWithParam<unsigned> {};

TEST_P(Operation, MatchesTheOracle) {
  Random random(GetParam());
  for (int i = 0; i < 60 && !HasFailure(); ++i) {
    Call call = random_call(random, i % 6 == 0 ? 500 : 60);
    check(call);
    if (HasFailure()) ADD_FAILURE() << "call " << i << ": " << ConvPlan(spec_of(call)).explain();
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, Operation, ::testing::Range(0u, 6u));

}  // namespace
}  // namespace longwing
