// Whole operations through the engine on the simulation: every argument, forward and backward, against the oracle.
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "../cpp/random_call.h"
#include "arranged_call.h"
#include "simulation.h"

namespace longwing::cuda {
namespace {

using simulation::SimulatedRuntime;

// Shared memory for rows of 2048 float32 or 1024 float64 points: longer rows are done by column passes.
DeviceLimits small_device() {
  DeviceLimits limits;
  limits.architecture = 90;
  limits.multiprocessors = 4;
  limits.shared_bytes = 20 * 1024;
  return limits;
}

// Of the compute type, and once more of the results' own rounding; gradients behind an activation pass two convolutions in float16.
double limit_of(DType dtype) {
  switch (dtype) {
    case DType::kFloat64: return 2e-14;
    case DType::kFloat32: return 2e-6;
    case DType::kFloat16: return 1e-3;
    case DType::kBFloat16: return 5e-3;
  }
  return 0;
}

double mean_square(const reference::Values& values) {
  double sum = 0;
  for (const double value : values) sum += value * value;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

// `beside`: what the values were transformed with, whose size their error follows.
void expect_close(const char* name, const reference::Values& actual, const reference::Values& expected, double limit,
                  const reference::Values& beside = {}) {
  ASSERT_EQ(actual.size(), expected.size()) << name;
  reference::Values difference = expected;
  for (std::size_t i = 0; i < expected.size(); ++i) difference[i] -= actual[i];
  // A result of few elements may nearly cancel: its size is then that of one unit sample an element.
  const double scale = std::sqrt(mean_square(expected) + mean_square(beside)) + 1e-1;
  EXPECT_LE(std::sqrt(mean_square(difference)), limit * scale) << name;
}

void check(const ArrangedCall& call, const Layout& layout, const DeviceLimits& limits) {
  SimulatedRuntime runtime(limits);
  const auto [actual, y, again, k] = call.run(runtime);
  const reference::Result expected = evaluate(call.call());
  const double limit = limit_of(layout.dtype), filter_limit = std::max(limit_of(layout.filter_dtype), limit);
  expect_close("y", actual.y, expected.y, limit);
  EXPECT_EQ(y, again) << "cached spectrum";
  expect_close("du", actual.u, expected.u, limit);
  expect_close("dk", actual.k, expected.k, filter_limit);
  expect_close("dreverse_filter", actual.reverse_filter, expected.reverse_filter, filter_limit);
  expect_close("dskip", actual.skip, expected.skip, filter_limit, expected.k);
  expect_close("dpre_gate", actual.pre_gate, expected.pre_gate, limit);
  expect_close("dpost_gate", actual.post_gate, expected.post_gate, limit);
  EXPECT_EQ(runtime.allocated(), 0u) << "workspace that nobody freed";
}

Layout random_layout(Random& random) {
  constexpr DType kDTypes[] = {DType::kFloat32, DType::kFloat64, DType::kFloat16, DType::kBFloat16};
  const DType dtype = kDTypes[random.integer(0, 3)];
  return {dtype, random.coin() ? dtype : kDTypes[random.integer(0, 1)], random.integer(0, 3) == 0};
}

std::string describe(const ArrangedCall& call, const Layout& layout) {
  const reference::Call& c = call.call();
  return std::string(to_string(c.mode)) + " kind " + std::to_string(static_cast<int>(c.kind)) + " B " + std::to_string(c.batch) + " H " +
         std::to_string(c.channels) + " G " + std::to_string(c.groups) + " C " + std::to_string(c.filters) + " L " +
         std::to_string(c.length) + " K " + std::to_string(c.taps) + " R " + std::to_string(c.reverse_taps) + " " +
         to_string(layout.dtype) + " k " + to_string(layout.filter_dtype) + (layout.transposed ? " transposed" : "") + " act " +
         to_string(c.activation) + (c.skip.empty() ? "" : " skip") + (c.pre_gate.empty() ? "" : " pre") +
         (c.post_gate.empty() ? "" : " post");
}

class Engines : public ::testing::TestWithParam<unsigned> {};

TEST_P(Engines, MatchTheOracle) {
  Random random(GetParam());
  for (int i = 0; i < 6 && !HasFailure(); ++i) {
    const Layout layout = random_layout(random);
    const ArrangedCall call(random_call(random, i == 0 ? 500 : 60), layout);
    check(call, layout, small_device());
    if (HasFailure()) ADD_FAILURE() << "call " << i << ": " << describe(call, layout);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, Engines, ::testing::Range(0u, 4u));

reference::Call plain_call(Random& random, std::int64_t batch, std::int64_t channels, std::int64_t length, std::int64_t taps,
                           FilterKind kind = FilterKind::kShared, std::int64_t filters = 1, std::int64_t groups = 0) {
  reference::Call c;
  c.batch = batch;
  c.channels = channels;
  c.groups = groups > 0 ? groups : channels;
  c.kind = kind;
  c.filters = filters;
  c.length = c.output_length = length;
  c.taps = taps;
  c.activation = Activation::kGelu;
  c.u = random.values<double>(batch * channels * length);
  c.k = random.values<double>(filters * c.groups * taps);
  for (double& tap : c.k) tap /= std::sqrt(static_cast<double>(taps));  // results of size 1, where an activation bends
  c.skip = random.values<double>(channels);
  c.pre_gate = random.values<double>(batch * channels * length);
  c.post_gate = random.values<double>(batch * channels * length);
  c.dy = random.values<double>(batch * channels * c.bank() * length);
  return c;
}

struct LongRow {
  std::int64_t length, taps;
  Mode mode;
  DType dtype;
};

class LongRows : public ::testing::TestWithParam<LongRow> {};

// Column passes: one, and two of them; and rows of one long block.
TEST_P(LongRows, MatchTheOracle) {
  const LongRow row = GetParam();
  Random random(static_cast<unsigned>(row.length + row.taps));
  reference::Call c = plain_call(random, 1, 2, row.length, row.taps);
  c.mode = row.mode;
  const Layout layout{row.dtype, row.dtype, false};
  check(ArrangedCall(c, layout), layout, small_device());
}

INSTANTIATE_TEST_SUITE_P(
    Lengths, LongRows,
    ::testing::Values(LongRow{2100, 2100, Mode::kCausal, DType::kFloat32}, LongRow{1200, 1200, Mode::kCircular, DType::kFloat64},
                      LongRow{2500, 9, Mode::kSame, DType::kFloat32}, LongRow{300, 300, Mode::kCausal, DType::kFloat16},
                      LongRow{700, 700, Mode::kCircular, DType::kBFloat16}, LongRow{900, 200, Mode::kCausal, DType::kBFloat16},
                      LongRow{2000, 1500, Mode::kSame, DType::kFloat16}, LongRow{5000, 300, Mode::kCausal, DType::kFloat16}));

// Remembers which kernels ran.
class RecordingRuntime final : public SimulatedRuntime {
 public:
  using SimulatedRuntime::SimulatedRuntime;
  void launch(const KernelEntry& kernel, std::int64_t blocks, int blocks_y, const void* args, std::size_t bytes, void* stream) override {
    launched.insert(kernel.function);
    SimulatedRuntime::launch(kernel, blocks, blocks_y, args, bytes, stream);
  }
  std::set<const void*> launched;
};

// A filter of few rows is transformed inside the kernel that convolves, one of many by a kernel of its own: with the same bits.
TEST(FewRows, NeedNoSpectrumInMemory) {
  Random random(3);
  const Layout layout{};
  for (const std::int64_t batch : {2, 3}) {
    const ArrangedCall call(plain_call(random, batch, 5, 90, 90), layout);
    RecordingRuntime runtime(small_device());
    const ArrangedCall::Results results = call.run(runtime);
    EXPECT_EQ(results.y, results.again) << "long_conv against a plan with its spectrum, batch " << batch;
    expect_close("y", results.values.y, evaluate(call.call()).y, limit_of(layout.dtype));
    const void* const in_one = kernel_table(Arithmetic::kFloat32).rows[7].convolve_filters.function;
    EXPECT_EQ(runtime.launched.count(in_one), batch == 2 ? 1u : 0u);
  }
}

// Whatever the workspace holds, results have the same bits.
TEST(Slabs, DoNotChangeTheBits) {
  Random random(7);
  const Layout layout{};
  const std::vector<reference::Call> calls = {
      plain_call(random, 3, 4, 100, 100), plain_call(random, 2, 2, 2600, 2600), plain_call(random, 9, 4, 70, 70, FilterKind::kShared, 1, 1),
      plain_call(random, 2, 4, 90, 30, FilterKind::kBank, 3, 2), plain_call(random, 3, 2, 90, 30, FilterKind::kPerSample, 3, 2)};
  for (const reference::Call& c : calls) {
    const ArrangedCall call(c, layout);
    DeviceLimits limits = small_device();
    SimulatedRuntime whole(limits);
    const ArrangedCall::Results expected = call.run(whole);
    std::size_t peak = whole.peak();
    for (const std::size_t bytes : {std::size_t{1}, std::size_t{20000}}) {
      limits.least_slab = bytes;
      SimulatedRuntime runtime(limits);
      const ArrangedCall::Results actual = call.run(runtime);
      EXPECT_LE(runtime.peak(), peak);
      EXPECT_EQ(actual.y, expected.y);
      EXPECT_EQ(actual.again, expected.again);
      EXPECT_EQ(actual.k, expected.k);
      EXPECT_EQ(actual.values.u, expected.values.u);
      EXPECT_EQ(actual.values.skip, expected.values.skip);
      EXPECT_EQ(actual.values.pre_gate, expected.values.pre_gate);
      EXPECT_EQ(actual.values.post_gate, expected.values.post_gate);
    }
  }
}

TEST(Engine, TakesAnEmptyBatch) {
  Random random(3);
  const Layout layout{};
  reference::Call c = plain_call(random, 0, 3, 50, 20);
  SimulatedRuntime runtime(small_device());
  const ArrangedCall::Results results = ArrangedCall(c, layout).run(runtime);
  EXPECT_TRUE(results.values.y.empty());
  for (const double tap : results.values.k) EXPECT_EQ(tap, 0);
  for (const double value : results.values.skip) EXPECT_EQ(value, 0);
}

}  // namespace
}  // namespace longwing::cuda
