// The public interface against the oracle: random calls over every mode, filter kind and argument, forward and backward.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

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

// A call's arrays through the public interface, results into arrays of their sizes.
class Interface {
 public:
  explicit Interface(Call& call)
      : c_(call),
        u_(rows(c_.u, c_.length, false)),
        dy_(rows(c_.dy, c_.output_length, bank())),
        k_(filter(c_.k, c_.taps)),
        reverse_(given(c_.reverse_filter, filter(c_.reverse_filter, c_.reverse_taps))),
        skip_(given(c_.skip, TensorView(c_.skip.data(), {c_.channels}))),
        pre_(given(c_.pre_gate, rows(c_.pre_gate, c_.length, false))),
        post_(given(c_.post_gate, rows(c_.post_gate, c_.output_length, c_.gate_per_filter))) {}

  Values one_shot() const {
    Values y(c_.dy.size(), 7.0);
    long_conv({.u = u_,
               .k = k_,
               .mode = c_.mode,
               .reverse_filter = reverse_,
               .reverse_lag = c_.reverse_lag,
               .skip = skip_,
               .pre_gate = pre_,
               .post_gate = post_,
               .activation = c_.activation,
               .filter_bank = bank(),
               .out = rows(y, c_.output_length, bank())});
    return y;
  }
  Spectrum spectrum(const ConvPlan& plan) const { return plan.spectrum(k_, reverse_, bank()); }
  Spectrum borrow(const ConvPlan& plan) const { return plan.borrow(k_, reverse_, bank()); }
  Values forward(const ConvPlan& plan, const Spectrum& spectrum) const {
    Values y(c_.dy.size(), 7.0);
    plan.forward({.u = u_,
                  .spectrum = spectrum,
                  .skip = skip_,
                  .pre_gate = pre_,
                  .post_gate = post_,
                  .activation = c_.activation,
                  .out = rows(y, c_.output_length, bank())});
    return y;
  }
  // y stays empty.
  reference::Result backward(const ConvPlan& plan, const Spectrum& spectrum) const {
    reference::Result g;
    const std::pair<Values*, const Values*> sizes[] = {{&g.u, &c_.u},
                                                       {&g.k, &c_.k},
                                                       {&g.skip, &c_.skip},
                                                       {&g.reverse_filter, &c_.reverse_filter},
                                                       {&g.pre_gate, &c_.pre_gate},
                                                       {&g.post_gate, &c_.post_gate}};
    for (const auto& [gradient, like] : sizes) gradient->assign(like->size(), 7.0);
    plan.backward({.dy = dy_,
                   .u = u_,
                   .spectrum = spectrum,
                   .skip = skip_,
                   .pre_gate = pre_,
                   .post_gate = post_,
                   .activation = c_.activation,
                   .du = rows(g.u, c_.length, false),
                   .dk = filter(g.k, c_.taps),
                   .dreverse_filter = given(g.reverse_filter, filter(g.reverse_filter, c_.reverse_taps)),
                   .dskip = given(g.skip, TensorView(g.skip.data(), {c_.channels})),
                   .dpre_gate = given(g.pre_gate, rows(g.pre_gate, c_.length, false)),
                   .dpost_gate = given(g.post_gate, rows(g.post_gate, c_.output_length, c_.gate_per_filter))});
    return g;
  }

 private:
  bool bank() const { return c_.kind == FilterKind::kBank; }
  TensorView rows(Values& v, std::int64_t length, bool with_bank) const {
    if (with_bank) return TensorView(v.data(), {c_.batch, c_.filters, c_.channels, length});
    return TensorView(v.data(), {c_.batch, c_.channels, length});
  }
  TensorView filter(Values& v, std::int64_t taps) const {
    if (c_.kind == FilterKind::kShared) return TensorView(v.data(), {c_.groups, taps});
    return TensorView(v.data(), {c_.filters, c_.groups, taps});
  }
  std::optional<TensorView> given(Values& v, const TensorView& view) const { return v.empty() ? std::optional<TensorView>() : view; }

  Call& c_;
  TensorView u_, dy_, k_;
  std::optional<TensorView> reverse_, skip_, pre_, post_;
};

// The gradients of a result by name.
struct Gradient {
  const char* name;
  Values reference::Result::* values;
};
constexpr Gradient kGradients[] = {{"du", &reference::Result::u},
                                   {"dk", &reference::Result::k},
                                   {"dreverse_filter", &reference::Result::reverse_filter},
                                   {"dskip", &reference::Result::skip},
                                   {"dpre_gate", &reference::Result::pre_gate},
                                   {"dpost_gate", &reference::Result::post_gate}};

void expect_close(const char* name, const Values& actual, const Values& expected, double limit) {
  ASSERT_EQ(actual.size(), expected.size()) << name;
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
  const Interface call(c);
  const reference::Result expected = evaluate(c);
  const Values y = call.one_shot();
  expect_close("y", y, expected.y, 1e-12);

  const ConvPlan plan(spec_of(c));
  const Spectrum spectrum = call.spectrum(plan), borrowed = call.borrow(plan);
  EXPECT_TRUE(same_bits(call.forward(plan, spectrum), y)) << "cached spectrum";
  EXPECT_TRUE(same_bits(call.forward(plan, borrowed), y)) << "borrowed filter";

  const reference::Result gradients = call.backward(plan, spectrum), again = call.backward(plan, borrowed);
  for (const auto& [name, values] : kGradients) {
    expect_close(name, gradients.*values, expected.*values, 1e-12);
    EXPECT_TRUE(same_bits(again.*values, gradients.*values)) << name << ", borrowed filter";
  }
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

TEST(Explanation, SaysWhereNoOverlapSaveIsPossible) {
  const auto told = [](std::int64_t length, std::int64_t taps) {
    return ConvPlan({.length = length, .filter_length = taps, .channels = 1}).explain();
  };
  EXPECT_NE(told(8, 4).find("overlap-save not possible, one transform "), std::string::npos) << told(8, 4);
  EXPECT_EQ(told(1 << 20, 1024).find("not possible"), std::string::npos) << told(1 << 20, 1024);
}

}  // namespace
}  // namespace longwing
