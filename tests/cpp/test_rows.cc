// Which rows a filter serves, where they lie, and taps to coefficients and back.
#include "cpu/rows.h"

#include <gtest/gtest.h>

#include <set>
#include <tuple>

#include "cpu/isa.h"
#include "random_values.h"

namespace longwing::cpu {
namespace {

TEST(RowSets, GiveEveryRowToItsFilterOnce) {
  std::vector<float> memory(1000);
  for (const FilterKind kind : {FilterKind::kShared, FilterKind::kPerSample, FilterKind::kBank}) {
    const std::int64_t samples = 3, channels = 6, groups = 2,
                       filters = kind == FilterKind::kShared ? 1
                                 : kind == FilterKind::kBank ? 4
                                                             : samples;
    const ConvSpec spec{.length = 5, .filter_length = 2, .channels = channels, .groups = groups};
    const RowSet rows(spec, kind, filters, TensorView(memory.data(), {samples, channels, 5}));
    std::set<std::tuple<std::int64_t, std::int64_t, std::int64_t>> seen;
    for (std::int64_t f = 0; f < rows.filter_rows(); ++f) {
      for (std::int64_t i = 0; i < rows.rows_per_filter(); ++i) {
        const RowId id = rows.row(f, i);
        EXPECT_TRUE(seen.insert({id.sample, id.bank, id.channel}).second);
        EXPECT_EQ(f % groups, id.channel / (channels / groups));
        EXPECT_EQ(f / groups, kind == FilterKind::kPerSample ? id.sample : id.bank);
      }
    }
    EXPECT_EQ(static_cast<std::int64_t>(seen.size()), samples * channels * (kind == FilterKind::kBank ? filters : 1));
    EXPECT_EQ(rows.rows(), static_cast<std::int64_t>(seen.size()));
  }
}

TEST(RowViews, FindARowUnderAnyLeadingAxes) {
  std::vector<float> memory(2 * 3 * 4 * 5 * 6);
  TensorView view(memory.data(), {2, 3, 4, 5, 6});
  view.data = memory.data() + 3 * 4 * 5 * 6;  // the first axis runs backward
  view.strides[0] = -view.strides[0];
  const RowView plain(view, false), bank(view, true);
  for (std::int64_t a = 0; a < 2; ++a) {
    for (std::int64_t b = 0; b < 3; ++b) {
      for (std::int64_t c = 0; c < 4; ++c) {
        const float* const expected = memory.data() + (((1 - a) * 3 + b) * 4 + c) * 5 * 6 + 2 * 6;
        EXPECT_EQ(plain.row({(a * 3 + b) * 4 + c, 0, 2}), expected);
        EXPECT_EQ(bank.row({a * 3 + b, c, 2}), expected);
      }
    }
  }
}

TEST(FilterRows, AreCountedGroupByGroup) {
  std::vector<float> memory(100);
  const TensorView shared(memory.data(), {2, 5}), many(memory.data(), {3, 2, 5});
  EXPECT_EQ(filter_row_of(&shared, nullptr, 2, 1).forward.data, memory.data() + 5);
  EXPECT_EQ(filter_row_of(&many, &shared, 2, 5).forward.data, memory.data() + 25);
  EXPECT_EQ(filter_row_of(&many, nullptr, 2, 5).reverse.data, nullptr);
}

// <gather(k, r), c> = <(k, r), scatter(c)> for every mode: the way back is the transposed map.
TEST(FilterTaps, ScatterIsTheTransposeOfGather) {
  const KernelTable<double>& table = kernels().f64;
  Random random(23);
  for (int repeat = 0; repeat < 300; ++repeat) {
    ConvSpec spec{
        .length = random.integer(1, 12), .filter_length = random.integer(1, 300), .mode = static_cast<Mode>(random.integer(0, 4))};
    if (spec.mode == Mode::kCausal || spec.mode == Mode::kCircular) spec.reverse_length = random.integer(0, 30);
    spec.reverse_lag = static_cast<ReverseLag>(random.integer(0, 1));
    const LagMap map = lag_map(spec);
    std::vector<double> k = random.values<double>(2 * spec.filter_length), r = random.values<double>(spec.reverse_length);
    const std::vector<double> c = random.values<double>(map.lags.span() + 1);
    std::vector<double> dk(k.size(), 9), dr(r.size(), 9), coefficients(c.size());
    const auto rows = [&](std::vector<double>& forward, std::vector<double>& reverse) {
      return FilterRow{{forward.data(), DType::kFloat64, 2}, {reverse.empty() ? nullptr : reverse.data(), DType::kFloat64, 1}};
    };
    gather_taps(table, spec, map, rows(k, r), coefficients.data());
    scatter_taps(table, spec, map, c.data(), rows(dk, dr));
    double there = 0, back = 0;
    for (std::size_t i = 0; i < c.size(); ++i) there += coefficients[i] * c[i];
    for (std::size_t i = 0; i < k.size(); i += 2) back += k[i] * dk[i];
    for (std::size_t i = 0; i < r.size(); ++i) back += r[i] * dr[i];
    EXPECT_NEAR(there, back, 1e-10) << to_string(spec.mode) << " " << spec.length << " " << spec.filter_length << " "
                                    << spec.reverse_length;
  }
}

}  // namespace
}  // namespace longwing::cpu
