// Half precision on the tensor cores: errors at every row length, data of every size, and words and tables that fit one another.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <set>

#include "../cpp/random_call.h"
#include "engine_call.h"

namespace longwing::cuda {
namespace {

using reference::Call;
using reference::Values;

struct Row {
  int log2n;
  DType dtype;
};

class HalfRows : public ::testing::TestWithParam<Row> {};

TEST_P(HalfRows, AreAsAccurateAsTheirDType) {
  const auto [log2n, dtype] = GetParam();
  Random random(static_cast<unsigned>(log2n));
  const std::int64_t length = std::int64_t{1} << log2n;
  Call c = causal_call(random, 2, 2, length, length);
  for (Values* values : {&c.u, &c.dy}) *values = rounded(*values, dtype);
  c.k = rounded(c.k, DType::kFloat32);
  const Outcome half = plain_outcome(c, dtype), exact = plain_outcome(c, DType::kFloat64);
  const double errors[] = {relative_error(half.y, exact.y), relative_error(half.du, exact.du), relative_error(half.dk, exact.dk)};
  const double bar = dtype == DType::kFloat16 ? 6.5e-4 : 2.2e-3;
  EXPECT_LE(errors[0], bar);
  EXPECT_LE(errors[1], bar);
  const bool by_tensor = log2n >= kLeastTensorLog2n && log2n <= kMostTensorLog2n;
  EXPECT_LE(errors[2], by_tensor && tensor_policy(log2n).gradient ? 6.5e-4 : 5e-7);  // else in float32
  const double float16 = by_tensor ? 3e-4 : 1e-4;
  EXPECT_GE(errors[0], dtype == DType::kFloat16 ? float16 : 1e-3);  // no more is computed than is said
  std::printf("n = 2^%d %s: y %.2e, du %.2e, dk %.2e\n", log2n, to_string(dtype), errors[0], errors[1], errors[2]);
}

TEST(TensorPlans, SayHowTheyCompute) {
  Random random(1);
  const auto explained = [&](std::int64_t length, DType dtype) {
    simulation::SimulatedRuntime runtime(kLargeDevice);
    return Engine(spec_of(causal_call(random, 1, 1, length, length), dtype), runtime).explain();
  };
  const auto contains = [](const std::string& text, const char* part) { return text.find(part) != std::string::npos; };
  EXPECT_TRUE(contains(explained(1024, DType::kFloat16),
                       "arithmetic in float16 on tensor cores with float32 sums, gradients of filters in the same"));
  EXPECT_TRUE(contains(explained(1024, DType::kFloat16), "n = 1024 = 16 x 16 x 4"));
  EXPECT_TRUE(contains(explained(8192, DType::kBFloat16), "gradients of filters in float32"));
  EXPECT_TRUE(contains(explained(8192, DType::kBFloat16), "n = 8192 = 16 x 16 x 16 x 2"));
  for (const std::int64_t length : {100, 100000}) EXPECT_TRUE(contains(explained(length, DType::kFloat16), "arithmetic in float32"));
  EXPECT_TRUE(contains(explained(1024, DType::kFloat32), "arithmetic in float32"));
}

std::vector<Row> all_rows() {
  std::vector<Row> rows;
  for (int log2n = kLeastLog2n; log2n <= 15; ++log2n) rows.push_back({log2n, DType::kFloat16}), rows.push_back({log2n, DType::kBFloat16});
  return rows;
}
INSTANTIATE_TEST_SUITE_P(Lengths, HalfRows, ::testing::ValuesIn(all_rows()));

// What float16 itself can't hold on the way: rows and filters of every size, and a skip that outweighs its filter.
struct Hostile {
  const char* name;
  double u_mean, u_deviation, k_mean, k_deviation, skip;
};

class TensorScales : public ::testing::TestWithParam<Hostile> {};

TEST_P(TensorScales, LeaveRoomForEveryRow) {
  const Hostile& data = GetParam();
  for (const std::int64_t length : {256, 1000, 4096}) {
    Random random(static_cast<unsigned>(length));
    Call c = causal_call(random, 1, 2, length, length);
    for (double& value : c.u) value = data.u_mean + data.u_deviation * value;
    for (double& value : c.k) value = data.k_mean + data.k_deviation * value;
    c.skip.assign(2, data.skip);
    c.u = rounded(c.u, DType::kFloat16);
    c.k = rounded(c.k, DType::kFloat32);
    c.skip = rounded(c.skip, DType::kFloat32);
    std::string where;
    const double error = engine_error(c, {.dtype = DType::kFloat16, .limits = kLargeDevice, .gradients = false}, where);
    EXPECT_LE(error, 1.3e-3) << where << " of length " << length;  // mean 3: errors follow a row's size, of which its filter leaves little
  }
}

INSTANTIATE_TEST_SUITE_P(Data, TensorScales,
                         ::testing::Values(Hostile{"mean 3", 3, 1, 0, 0.01, 0}, Hostile{"constant", 6e4, 0, 0, 1e-5, 0},
                                           Hostile{"small", 0, 1e-4, 0, 1e4, 0}, Hostile{"tiny", 0, 1e-6, 0, 1e6, 0},
                                           Hostile{"large filter", 0, 6e-5, 0, 1e6, 0}, Hostile{"no filter", 0, 1, 0, 0, 1},
                                           Hostile{"skip outweighs", 0, 1, 0, 1e-30, 2}, Hostile{"skip is tiny", 0, 1, 0, 1, 1e-30},
                                           Hostile{"no row", 0, 0, 0, 1, 1}),
                         [](const auto& info) {
                           std::string name = info.param.name;
                           std::replace(name.begin(), name.end(), ' ', '_');
                           return name;
                         });

// The most lanes of a warp that meet in one bank, in an access of shared memory of one word each.
template <class Word>
int conflicts(const Word& word) {
  int users[32] = {}, worst = 0;
  for (int lane = 0; lane < 32; ++lane) worst = std::max(worst, ++users[word(lane) % 32]);
  return worst;
}

class TensorLayout : public ::testing::TestWithParam<int> {};

TEST_P(TensorLayout, EveryPointHasOneWord) {
  const TensorPolicy policy = tensor_policy(GetParam());
  const MiddleRadices middle = policy.middle();
  std::set<int> own, points, nodes, between;
  for (int thread = 0; thread < policy.row_threads(); ++thread) {
    for (int e = 0; e < policy.elements; ++e) own.insert(own_word(middle, thread, e * policy.row_threads()));
  }
  for (int tile = 0; tile < policy.tiles(); ++tile) {
    const int first = tile * TensorPolicy::kTileWords;
    for (int at = 0; at < 256; ++at) {
      const int lane = at / 8, h = at / 4 % 2, i = at % 4;
      points.insert(first + point_word(lane, h, i));
      nodes.insert(first + node_word(lane, h, i));
      if (policy.tiles() > 1) between.insert(middle_word(middle, tile, lane, h, i));
    }
  }
  EXPECT_EQ(static_cast<int>(own.size()), policy.n());
  EXPECT_EQ(points, own);
  EXPECT_EQ(nodes, own);
  EXPECT_EQ(between, policy.tiles() > 1 ? own : std::set<int>());
  EXPECT_LT(*own.rbegin(), policy.buffer_words());
}

TEST_P(TensorLayout, SpectrumNumbersAreAPermutation) {
  const TensorPolicy policy = tensor_policy(GetParam());
  std::set<int> numbers;
  for (int frequency = 0; frequency < policy.n(); ++frequency) numbers.insert(spectrum_number(policy.middle(), frequency));
  EXPECT_EQ(static_cast<int>(numbers.size()), policy.n());
  EXPECT_EQ(*numbers.rbegin(), policy.n() - 1);
}

TEST_P(TensorLayout, TilesMeetNoBankTwice) {
  const TensorPolicy policy = tensor_policy(GetParam());
  const MiddleRadices middle = policy.middle();
  for (int e = 0; e < policy.elements; ++e) {  // rows of few tiles have neighbours in the same tile
    EXPECT_LE(conflicts([&](int lane) { return own_word(middle, lane, e * policy.row_threads()); }), 2) << "own point " << e;
  }
  for (int at = 0; at < 8; ++at) {
    const int h = at / 4, i = at % 4;
    EXPECT_EQ(conflicts([&](int lane) { return point_word(lane, h, i); }), 1) << "point " << at;
    EXPECT_EQ(conflicts([&](int lane) { return node_word(lane, h, i); }), 1) << "node " << at;
    for (int tile = 0; policy.tiles() > 1 && tile < policy.tiles(); ++tile) {
      EXPECT_EQ(conflicts([&](int lane) { return middle_word(middle, tile, lane, h, i); }), 1) << "between " << at << " tile " << tile;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Lengths, TensorLayout, ::testing::Range(kLeastTensorLog2n, kMostTensorLog2n + 1));

}  // namespace
}  // namespace longwing::cuda
