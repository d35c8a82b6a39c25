// The inner passes of every instruction set: each radix and each centre operation against sums in double.
#include <complex>
#include <cstring>

#include "core/factorize.h"
#include "isa_test.h"
#include "random_values.h"

namespace longwing::cpu {
namespace {

using Point = std::complex<double>;

constexpr int kRadices[] = {2, 3, 4, 5, 7, 8, 11, 13, 16}, kCenterRadices[] = {1, 2, 3, 4, 5, 8};
constexpr CenterOp kOps[] = {CenterOp::kStore,    CenterOp::kMultiply, CenterOp::kMultiplyConj, CenterOp::kInverse,
                             CenterOp::kProduct,  CenterOp::kConvolve, CenterOp::kCorrelate,    CenterOp::kCorrelateMultiplyConj,
                             CenterOp::kGradients};

// An array of lines, seen as complex numbers.
template <class T>
struct Lines {
  int lanes;
  std::vector<T> numbers;

  Point point(std::int64_t line, int lane) const {
    const T* const p = numbers.data() + line * 2 * lanes;
    return {p[lane], p[lane + lanes]};
  }
};

template <class T>
Lines<T> random_lines(Random& random, int lanes, std::int64_t lines) {
  return {lanes, random.values<T>(2 * lanes * lines)};
}

template <class T>
Lines<T> random_twiddles(Random& random, int lanes, std::int64_t lines) {
  Lines<T> result = random_lines<T>(random, lanes, lines);
  for (std::int64_t line = 0; line < lines; ++line) {
    for (int lane = 0; lane < lanes; ++lane) {
      const Point w = result.point(line, lane) / std::abs(result.point(line, lane));
      result.numbers[static_cast<std::size_t>(line * 2 * lanes + lane)] = static_cast<T>(w.real());
      result.numbers[static_cast<std::size_t>(line * 2 * lanes + lane + lanes)] = static_cast<T>(w.imag());
    }
  }
  return result;
}

Point root(int index, int order) {
  const auto w = unit_root(index, order);
  return {static_cast<double>(w.real()), static_cast<double>(w.imag())};
}

// x_q times its twiddle, then the butterfly; or the butterfly's inverse, then the conjugate twiddle.
std::vector<Point> split(const std::vector<Point>& x, const std::vector<Point>& w) {
  const int radix = static_cast<int>(x.size());
  std::vector<Point> y(x.size());
  for (int j = 0; j < radix; ++j) {
    for (std::size_t q = 0; q < x.size(); ++q) y[static_cast<std::size_t>(j)] += x[q] * w[q] * root(j * static_cast<int>(q), radix);
  }
  return y;
}

std::vector<Point> join(const std::vector<Point>& y, const std::vector<Point>& w) {
  const int radix = static_cast<int>(y.size());
  std::vector<Point> x(y.size());
  for (int q = 0; q < radix; ++q) {
    for (std::size_t j = 0; j < y.size(); ++j) x[static_cast<std::size_t>(q)] += y[j] * root(-q * static_cast<int>(j), radix);
    x[static_cast<std::size_t>(q)] *= std::conj(w[static_cast<std::size_t>(q)]);
  }
  return x;
}

// The points of one node at position p of each of its parts, in one lane, and the node's twiddles.
template <class T>
std::vector<Point> points(const Lines<T>& lines, int radix, std::int64_t node, std::int64_t m, std::int64_t p, int lane) {
  std::vector<Point> x;
  for (int q = 0; q < radix; ++q) x.push_back(lines.point((node * radix + q) * m + p, lane));
  return x;
}

template <class T>
std::vector<Point> twiddles_of(const Lines<T>& twiddles, int radix, std::int64_t node, int lane) {
  std::vector<Point> w = {1.0};
  for (int q = 1; q < radix; ++q) w.push_back(twiddles.point(node * (radix - 1) + q - 1, lane));
  return w;
}

template <class T>
void expect_near(const std::vector<Point>& actual, const std::vector<Point>& expected) {
  double error = 0, size = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    error += std::norm(actual[i] - expected[i]);
    size += std::norm(expected[i]);
  }
  EXPECT_LE(std::sqrt(error), 8 * std::numeric_limits<T>::epsilon() * std::sqrt(size));
}

LONGWING_ISA_SUITE(Passes);

TEST_P(Passes, AreThereForEveryRadixThatIsChosen) {
  for_each_table([](const auto& table) {
    for (int radix = 0; radix <= 32; ++radix) {
      EXPECT_EQ(table.descend(radix) != nullptr, is_radix(radix)) << radix;
      EXPECT_EQ(table.ascend(radix) != nullptr, is_radix(radix)) << radix;
      for (const CenterOp op : kOps) EXPECT_EQ(table.center(op, radix) != nullptr, is_center_radix(radix)) << radix;
    }
    EXPECT_EQ(table.lanes, table.lane_radices[0] * table.lane_radices[1]);
    EXPECT_LE(table.lanes, kMaxLanes);
  });
}

// Both directions on positions [1, 4) of 5, in 3 nodes: the sums are right and other positions are left alone.
template <class T>
void check_pass(const KernelTable<T>& table, int radix, bool descend) {
  SCOPED_TRACE(std::string(descend ? "descend " : "ascend ") + std::to_string(radix));
  constexpr std::int64_t kNodes = 3, kM = 5, kBegin = 1, kEnd = 4;
  Random random(7);
  const Lines<T> before = random_lines<T>(random, table.lanes, kNodes * radix * kM);
  const Lines<T> twiddles = random_twiddles<T>(random, table.lanes, kNodes * (radix - 1));
  Lines<T> after = before;
  (descend ? table.descend : table.ascend)(radix)({after.numbers.data(), twiddles.numbers.data(), kNodes, kM, kBegin, kEnd});
  for (std::int64_t node = 0; node < kNodes; ++node) {
    for (std::int64_t p = 0; p < kM; ++p) {
      for (int lane = 0; lane < table.lanes; ++lane) {
        const auto x = points(before, radix, node, kM, p, lane), y = points(after, radix, node, kM, p, lane);
        const auto w = twiddles_of(twiddles, radix, node, lane);
        if (p < kBegin || p >= kEnd) {
          EXPECT_EQ(x, y);
        } else {
          expect_near<T>(y, descend ? split(x, w) : join(x, w));
        }
      }
    }
  }
}

TEST_P(Passes, SplitAndJoinNodes) {
  for_each_table([](const auto& table) {
    for (const int radix : kRadices) {
      check_pass(table, radix, true);
      check_pass(table, radix, false);
    }
  });
}

template <class T>
void check_inverse(const KernelTable<T>& table, int radix) {
  constexpr std::int64_t kNodes = 2, kM = 3;
  Random random(8);
  const Lines<T> before = random_lines<T>(random, table.lanes, kNodes * radix * kM);
  const Lines<T> twiddles = random_twiddles<T>(random, table.lanes, kNodes * (radix - 1));
  Lines<T> after = before;
  const PassArgs<T> args{after.numbers.data(), twiddles.numbers.data(), kNodes, kM, 0, kM};
  table.descend(radix)(args);
  table.ascend(radix)(args);
  for (std::size_t i = 0; i < before.numbers.size(); ++i) {
    EXPECT_NEAR(after.numbers[i] / radix, before.numbers[i], 30 * std::numeric_limits<T>::epsilon()) << radix;
  }
}

TEST_P(Passes, AscendUndoesDescendUpToTheRadix) {
  for_each_table([](const auto& table) {
    for (const int radix : kRadices) check_inverse(table, radix);
  });
}

// The points of one node in every array of a centre pass.
struct CenterPoints {
  std::vector<Point> lines, other, filter, sum, store;
};

CenterPoints expected_center(CenterOp op, const CenterPoints& before, const std::vector<Point>& w, double skip, double scale) {
  CenterPoints after = before;
  std::vector<Point> z = descends(op) ? split(before.lines, w) : before.lines, other = split(before.other, w);
  if (op == CenterOp::kProduct) z = before.other;
  for (std::size_t q = 0; q < z.size(); ++q) {
    const Point product = z[q] * std::conj(other[q]), filter = before.filter[q] + skip;
    if (op == CenterOp::kCorrelate || op == CenterOp::kCorrelateMultiplyConj) after.sum[q] += product;
    if (op == CenterOp::kStore) after.store[q] = z[q] * scale;
    if (op == CenterOp::kInverse) z[q] *= scale;
    else if (op == CenterOp::kConvolve) z[q] *= other[q] * scale + skip;
    else z[q] *= op == CenterOp::kMultiply || op == CenterOp::kProduct ? filter : std::conj(filter);
    other[q] = product * scale;
  }
  if (ascends(op)) after.lines = join(z, w);
  if (other_ascends(op)) after.other = join(other, w);
  return after;
}

template <class T>
void check_center(const KernelTable<T>& table, CenterOp op, int radix, bool long_row) {
  SCOPED_TRACE("op " + std::to_string(static_cast<int>(op)) + " radix " + std::to_string(radix) + (long_row ? ", long row" : ""));
  constexpr std::int64_t kNodes = 3;
  constexpr T kSkip = T(0.75), kScale = T(0.3);
  Random random(9);
  const auto random_array = [&] { return random_lines<T>(random, table.lanes, kNodes * radix); };
  const Lines<T> twiddles = random_twiddles<T>(random, table.lanes, std::max<std::int64_t>(1, kNodes * (radix - 1)));
  struct Arrays {
    Lines<T> lines, other, filter, sum, store;
  };
  const Arrays before{random_array(), random_array(), random_array(), random_array(), random_array()};
  Arrays after = before;
  table.center(op, radix)({.lines = after.lines.numbers.data(),
                           .twiddles = twiddles.numbers.data(),
                           .nodes = kNodes,
                           .filter = after.filter.numbers.data(),
                           .skip = kSkip,
                           .other = after.other.numbers.data(),
                           .sum = after.sum.numbers.data(),
                           .store = after.store.numbers.data(),
                           .scale = kScale,
                           .long_row = long_row});
  for (std::int64_t node = 0; node < kNodes; ++node) {
    for (int lane = 0; lane < table.lanes; ++lane) {
      const auto of = [&](const Lines<T>& array) { return points(array, radix, node, 1, 0, lane); };
      const CenterPoints expected =
          expected_center(op, {of(before.lines), of(before.other), of(before.filter), of(before.sum), of(before.store)},
                          twiddles_of(twiddles, radix, node, lane), static_cast<double>(kSkip), static_cast<double>(kScale));
      expect_near<T>(of(after.lines), expected.lines);
      expect_near<T>(of(after.other), expected.other);
      expect_near<T>(of(after.filter), expected.filter);
      expect_near<T>(of(after.sum), expected.sum);
      expect_near<T>(of(after.store), expected.store);
    }
  }
}

TEST_P(Passes, CentreDoesItsOperationBetweenTheTwoDirections) {
  for_each_table([](const auto& table) {
    for (const CenterOp op : kOps) {
      for (const int radix : kCenterRadices) {
        for (const bool long_row : {false, true}) check_center(table, op, radix, long_row);
      }
    }
  });
}

#if defined(__x86_64__)
TEST(LongRows, ProductsAreRoundedOnceWithoutFusedMultiplyAdd) {
  const KernelTable<float>& table = k_base.f32;
  constexpr std::int64_t kNodes = 50;
  Random random(11);
  const Lines<float> before = random_lines<float>(random, table.lanes, kNodes);
  const Lines<float> filter = random_lines<float>(random, table.lanes, kNodes);
  for (const bool long_row : {false, true}) {
    Lines<float> after = before;
    CenterArgs<float> args{};
    args.lines = after.numbers.data();
    args.twiddles = filter.numbers.data();  // radix 1 has none
    args.nodes = kNodes;
    args.filter = filter.numbers.data();
    args.long_row = long_row;
    table.center(CenterOp::kMultiply, 1)(args);
    int different = 0;
    for (std::int64_t node = 0; node < kNodes; ++node) {
      for (int lane = 0; lane < table.lanes; ++lane) {
        const Point exact = before.point(node, lane) * filter.point(node, lane), found = after.point(node, lane);
        different += found.real() != static_cast<float>(exact.real()) || found.imag() != static_cast<float>(exact.imag());
      }
    }
    if (long_row) EXPECT_EQ(different, 0);
    else EXPECT_GT(different, 0);
  }
}
#endif

}  // namespace
}  // namespace longwing::cpu
