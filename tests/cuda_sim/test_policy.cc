// The table of policies: every row is a factorisation, fits its machine, and exchanges without bank conflicts.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <vector>

#include "block/block_fft.cuh"
#include "dispatch/kernel_table.h"

namespace longwing::cuda {
namespace {

constexpr int kLongest = 16;

template <class T, int Log2N>
struct Row {
  using Number = T;
  static constexpr int kLog2n = Log2N;
  using Fft = BlockFft<T, Log2N>;
};

// The most threads of one round of shared memory (128 bytes) whose points lie in one bank, in a pass: 1 is without conflicts.
template <class Row, int Pass>
int conflicts() {
  using Fft = typename Row::Fft;
  constexpr RowPolicy kPolicy = Fft::kPolicy;
  const int round = RowPolicy::pad_every(sizeof(typename Row::Number));
  int worst = 1;
  for (int element = 0; element < Fft::kElements; ++element) {
    for (int first = 0; first < kPolicy.threads(); first += round) {
      std::vector<int> users(static_cast<std::size_t>(round));
      for (int t = first; t < std::min(first + round, kPolicy.threads()); ++t) {
        const int row = t / Fft::kThreads, thread = t % Fft::kThreads;
        const int slot = Fft::padded(row * kPolicy.n()) + Fft::template slot<Pass>(thread, element);
        worst = std::max(worst, ++users[static_cast<std::size_t>(slot % round)]);
      }
    }
  }
  return worst;
}

// Every point of the row is owned once in every pass, by a thread of its block but in the first pass of a cluster, and its slot is what
// the sum of constant distances says.
template <class Row, int Pass>
void expect_ownership() {
  using Fft = typename Row::Fft;
  const int in_a_block = Fft::kPolicy.block_points();
  std::set<int> points, slots;
  for (int t = 0; t < Fft::kThreads; ++t) {
    for (int e = 0; e < Fft::kElements; ++e) {
      const int point = Fft::template position<Pass>(t, e), slot = Fft::template slot<Pass>(t, e);
      points.insert(point);
      slots.insert(slot);
      ASSERT_EQ(slot, Fft::padded(point % in_a_block));
      ASSERT_TRUE(Pass == 0 || point / in_a_block == t / Fft::kBlockThreads);
    }
  }
  EXPECT_EQ(static_cast<int>(points.size()), Fft::kPolicy.n());
  EXPECT_EQ(static_cast<int>(slots.size()), in_a_block);
  EXPECT_EQ(*points.rbegin(), Fft::kPolicy.n() - 1);
  EXPECT_LT(*slots.rbegin(), Fft::kPolicy.shared_bytes(sizeof(typename Row::Number)) / static_cast<int>(2 * sizeof(typename Row::Number)));
}

template <class Row, int Pass = 0>
int check_passes() {
  constexpr RowPolicy kPolicy = Row::Fft::kPolicy;
  if constexpr (Pass == kPolicy.passes) {
    return 1;
  } else {
    expect_ownership<Row, Pass>();
    return std::max(conflicts<Row, Pass>(), check_passes<Row, Pass + 1>());
  }
}

template <class Row>
void check_row() {
  constexpr RowPolicy kPolicy = Row::Fft::kPolicy;
  SCOPED_TRACE(::testing::Message() << "2^" << Row::kLog2n << ", " << sizeof(typename Row::Number) << " bytes");
  EXPECT_EQ(kPolicy.log2n, Row::kLog2n);
  EXPECT_EQ(kPolicy.threads() % kWarpThreads, 0);
  EXPECT_LE(kPolicy.threads(), 1024);
  EXPECT_TRUE(Row::Fft::kThreads >= kWarpThreads || kWarpThreads % Row::Fft::kThreads == 0);
  for (int pass = 0; pass < kPolicy.passes; ++pass) EXPECT_EQ(kPolicy.elements % kPolicy.radices[pass], 0);
  // Rows of less than a round of the banks lie side by side in it and meet in some passes; those are short and bound by other things.
  // A last pass of 32 neighbours a thread has two in each bank, which costs less than one exchange more.
  const int limit = Row::kLog2n < 8 ? 4 : kPolicy.radices[kPolicy.passes - 1] == 32 ? 2 : 1;
  EXPECT_LE(check_passes<Row>(), limit);
}

template <class T, int First, int... Index>
void check_rows(std::integer_sequence<int, Index...>) {
  (check_row<Row<T, First + Index>>(), ...);
}

TEST(Policy, RowsOfFloat) { check_rows<float, kLeastLog2n>(std::make_integer_sequence<int, std::size(kFloat32Rows)>()); }

TEST(Policy, RowsOfDouble) { check_rows<double, kLeastLog2n>(std::make_integer_sequence<int, std::size(kFloat64Rows)>()); }

// The shared memory that a block may have, from the architecture's documentation; the device is asked at run time.
TEST(Policy, LongestRowsFitTheirArchitecture) {
  for (const auto& [sm, kibibytes] :
       std::initializer_list<std::pair<int, int>>{{80, 163}, {86, 99}, {89, 99}, {90, 227}, {100, 227}, {120, 99}}) {
    for (const Arithmetic arithmetic : {Arithmetic::kFloat32, Arithmetic::kFloat64}) {
      const int longest = max_log2n(sm, arithmetic);
      ASSERT_LE(longest, kLongest);
      EXPECT_LE(kernel_table(arithmetic).rows[longest].convolve.shared_bytes, kibibytes * 1024) << sm;
    }
  }
}

}  // namespace
}  // namespace longwing::cuda
