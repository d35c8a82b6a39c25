// Errors on normal data at every row length and beyond: float against double on the simulation, and what must be exact.
#include <gtest/gtest.h>

#include <cstring>

#include "../cpp/random_call.h"
#include "engine_call.h"

namespace longwing::cuda {
namespace {

using reference::Call;
using reference::Values;

class Accuracy : public ::testing::TestWithParam<int> {};

TEST_P(Accuracy, OfFloatIsFiveInTenMillion) {
  Random random(static_cast<unsigned>(GetParam()));
  const std::int64_t length = std::int64_t{1} << GetParam();
  Call c = causal_call(random, 1, 1, length, length);
  for (Values* values : {&c.u, &c.k, &c.dy}) *values = rounded(*values, DType::kFloat32);
  const Outcome single = plain_outcome(c, DType::kFloat32), exact = plain_outcome(c, DType::kFloat64);
  const double errors[] = {relative_error(single.y, exact.y), relative_error(single.du, exact.du), relative_error(single.dk, exact.dk)};
  for (const double error : errors) {
    EXPECT_LE(error, 5e-7);
    EXPECT_GE(error, 1e-8);  // float was computed in, not double
  }
  std::printf("n = 2^%d: y %.2e, du %.2e, dk %.2e\n", GetParam(), errors[0], errors[1], errors[2]);
}

INSTANTIATE_TEST_SUITE_P(RowsAndColumns, Accuracy, ::testing::Values(6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16));
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
INSTANTIATE_TEST_SUITE_P(MoreColumns, Accuracy, ::testing::Values(17, 20, 22));
#endif

// A row's results are its own: the same bits in any company, and no other row's NaN.
TEST(Isolation, OfRows) {
  for (const std::int64_t length : {40, 700}) {
    Random random(7);
    const Call many = causal_call(random, 5, 3, length, length);
    const auto row = [length](Values& v, std::int64_t index) { return v.begin() + index * length; };
    for (const std::int64_t index : {0, 7, 14}) {
      Call one = causal_call(random, 1, 1, length, length);
      Call poisoned = many;
      std::copy_n(row(poisoned.u, index), length, one.u.begin());
      std::copy_n(row(poisoned.dy, index), length, one.dy.begin());
      std::copy_n(row(poisoned.k, index % 3), length, one.k.begin());
      std::fill_n(row(poisoned.u, index == 0 ? 3 : index - 3), length, std::nan(""));
      Outcome alone = plain_outcome(one, DType::kFloat32), among = plain_outcome(poisoned, DType::kFloat32);
      const auto same = [&](Values& a, Values& b) { return std::memcmp(&*row(a, 0), &*row(b, index), sizeof(double) * length) == 0; };
      EXPECT_TRUE(same(alone.y, among.y)) << "y of row " << index << " of length " << length;
      EXPECT_TRUE(same(alone.du, among.du)) << "du of row " << index << " of length " << length;
    }
  }
}

}  // namespace
}  // namespace longwing::cuda
