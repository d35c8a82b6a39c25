// The pool: bits do not depend on it, callers may be many, cancellation and limits are typed errors.
#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "longwing/longwing.h"

namespace longwing {
namespace {

std::vector<float> normal(std::int64_t count, unsigned seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<float> distribution;
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = distribution(engine);
  return values;
}

std::vector<std::vector<float>> all_results(std::int64_t batch, std::int64_t length, std::int64_t taps) {
  std::vector<float> u = normal(batch * length, 1), k = normal(taps, 2);
  std::vector<float> y(u.size()), du(u.size()), dk(k.size());
  const TensorView input(u.data(), {batch, 1, length}), filter(k.data(), {1, taps});
  long_conv({.u = input, .k = filter, .out = TensorView(y.data(), {batch, 1, length})});
  const ConvPlan plan({.length = length, .filter_length = taps});
  const Spectrum spectrum = plan.spectrum(filter);
  plan.backward({.dy = input,
                 .u = input,
                 .spectrum = spectrum,
                 .du = TensorView(du.data(), {batch, 1, length}),
                 .dk = TensorView(dk.data(), {1, taps})});
  std::vector<float> du_borrowed(u.size()), dk_borrowed(k.size());
  plan.backward({.dy = input,
                 .u = input,
                 .spectrum = plan.borrow(filter),
                 .du = TensorView(du_borrowed.data(), {batch, 1, length}),
                 .dk = TensorView(dk_borrowed.data(), {1, taps})});
  EXPECT_EQ(du_borrowed, du);
  EXPECT_EQ(dk_borrowed, dk);
  return {y, du, dk};
}

TEST(Threads, DoNotChangeBits) {
  for (const std::int64_t length : {700, 40000}) {
    for (const std::int64_t taps : {length, std::int64_t{300}}) {
      for (const std::int64_t batch : {1, 9}) {
        set_num_threads(1);
        const auto expected = all_results(batch, length, taps);
        for (const int threads : {2, 3}) {
          set_num_threads(threads);
          EXPECT_EQ(all_results(batch, length, taps), expected) << length << " " << taps << " " << batch << " " << threads;
        }
      }
    }
  }
}

// Rows whose first two passes are one for a team, then for everyone, and that threads share even where there are rows enough.
TEST(Threads, DoNotChangeBitsOfLongRows) {
  struct Lengths {
    std::int64_t length, taps;
  };
  // 213360 and 201360: n = 207360, parts of the root that are no whole tiles, and samples from n on that end inside of one of them.
  for (const auto& [length, taps] : {Lengths{200003, 200003}, {200003, 66667}, {213360, 201360}, {1100009, 1100009}, {2200000, 730000}}) {
    set_num_threads(1);
    const auto expected = all_results(2, length, taps);
    for (const int threads : {2, 9}) {
      set_num_threads(threads);
      EXPECT_EQ(all_results(2, length, taps), expected) << length << " " << taps << " " << threads;
    }
  }
}

TEST(Threads, ManyCallersAtOnce) {
  set_num_threads(2);
  const auto expected = all_results(3, 2000, 2000);
  std::vector<int> right(4);
  std::vector<std::thread> callers;
  for (int& ok : right) {
    callers.emplace_back([&] {
      ok = 1;
      for (int i = 0; i < 5; ++i) ok = ok && all_results(3, 2000, 2000) == expected;
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(right, std::vector<int>(4, 1));
}

TEST(Threads, CancelledByTheCaller) {
  set_num_threads(2);
  std::vector<float> u(64 * 1000), k(1000), y(u.size());
  const Execution stop{.should_stop = [](void*) { return true; }};
  EXPECT_THROW(long_conv({.u = TensorView(u.data(), {64, 1, 1000}),
                          .k = TensorView(k.data(), {1, 1000}),
                          .out = TensorView(y.data(), {64, 1, 1000}),
                          .execution = stop}),
               Cancelled);
}

TEST(Threads, CountIsChecked) {
  for (const int count : {0, 1025}) {
    try {
      set_num_threads(count);
      ADD_FAILURE() << count << " was taken";
    } catch (const ValueError& error) {
      EXPECT_EQ(error.what(), "count must be in [1, 1024], got " + std::to_string(count));
    }
  }
}

}  // namespace
}  // namespace longwing
