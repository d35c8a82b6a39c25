// Lengths and radices of a transform.
#include "core/factorize.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "random_values.h"

namespace longwing {
namespace {

class Factorize : public ::testing::TestWithParam<VectorUnit> {};

INSTANTIATE_TEST_SUITE_P(Units, Factorize,
                         ::testing::Values(VectorUnit{2, 16}, VectorUnit{2, 32}, VectorUnit{4, 16}, VectorUnit{4, 32}, VectorUnit{8, 16},
                                           VectorUnit{8, 32}, VectorUnit{16, 32}),
                         [](const auto& info) {
                           return std::to_string(info.param.lanes) + "Lanes" + std::to_string(info.param.registers) + "Registers";
                         });

void expect_well_formed(const Factorization& f, std::int64_t minimum, const VectorUnit& unit) {
  ASSERT_FALSE(f.radices.empty()) << minimum;
  std::int64_t product = unit.lanes;
  for (const int radix : f.radices) product *= radix;
  EXPECT_EQ(f.n, product) << minimum;
  EXPECT_EQ(f.lanes, unit.lanes) << minimum;
  EXPECT_EQ(f.lines() * f.lanes, f.n) << minimum;
  EXPECT_GE(f.n, minimum);
  // Lines that fill the lanes are worth more than a short transform.
  EXPECT_LE(f.n, 2 * std::max(minimum + unit.lanes, std::int64_t{unit.lanes} * unit.lanes)) << minimum;
  EXPECT_TRUE(is_center_radix(f.radices.back())) << minimum;
  EXPECT_TRUE(std::all_of(f.radices.begin(), f.radices.end() - 1, is_radix)) << minimum;
  EXPECT_GT(f.cost, 0) << minimum;
}

TEST_P(Factorize, EveryShortLengthIsWellFormed) {
  for (std::int64_t n = 1; n <= 5000 && !HasFailure(); ++n) expect_well_formed(choose_length(n, GetParam()), n, GetParam());
}

TEST_P(Factorize, LongLengthsAreWellFormed) {
  Random random(1);
  for (int i = 0; i < 100 && !HasFailure(); ++i) {
    const std::int64_t n = random.integer(5000, std::int64_t{1} << random.integer(13, 26));
    expect_well_formed(choose_length(n, GetParam()), n, GetParam());
  }
}

TEST_P(Factorize, AnExactLengthIsNeverMadeDearer) {
  for (std::int64_t n = 1; n <= 3000; ++n) {
    const Factorization chosen = choose_length(n, GetParam());
    const Factorization again = choose_length(chosen.n, GetParam());
    EXPECT_LE(chosen.cost, again.cost) << n;
    EXPECT_EQ(again.n, chosen.n) << n;
  }
}

TEST(Radices, AreTheDocumentedOnes) {
  const auto all = [](auto rule) {
    std::vector<int> radices;
    for (int radix = 0; radix <= 64; ++radix) {
      if (rule(radix)) radices.push_back(radix);
    }
    return radices;
  };
  EXPECT_EQ(all(is_radix), (std::vector{2, 3, 4, 5, 7, 8, 11, 13, 16}));
  EXPECT_EQ(all(is_center_radix), (std::vector{1, 2, 3, 4, 5, 8}));
}

}  // namespace
}  // namespace longwing
