// Whole transforms of every instruction set against polynomials: values at the roots of x^n = i, and products modulo it.
#include "cpu/transform.h"

#include <complex>

#include "core/twiddle.h"
#include "isa_test.h"
#include "random_values.h"

namespace longwing::cpu {
namespace {

using Point = std::complex<long double>;  // sums of many terms have to be more accurate than double

template <class T>
AlignedArray<T> zeros(std::int64_t size) {
  AlignedArray<T> array(static_cast<std::size_t>(size));
  std::fill(array.data(), array.data() + size, T(0));
  return array;
}

template <class T>
Factorization factorization(const KernelTable<T>& table, std::vector<int> radices) {
  std::int64_t n = table.lanes;
  for (const int radix : radices) n *= radix;
  return {.n = n, .lanes = table.lanes, .radices = std::move(radices)};
}

// Every radix above a centre, every centre radix alone, three levels, and what is chosen for short lengths.
template <class T>
std::vector<Factorization> short_transforms(const KernelTable<T>& table) {
  std::vector<Factorization> all;
  for (const int radix : {2, 3, 4, 5, 7, 8, 11, 13, 16}) all.push_back(factorization(table, {radix, radix % 2 == 0 ? 3 : 2}));
  for (const int radix : {1, 2, 3, 4, 5, 8}) all.push_back(factorization(table, {radix}));
  all.push_back(factorization(table, {3, 2, 4}));
  all.push_back(factorization(table, {5, 7, 1}));
  for (std::int64_t n = 1; n <= 300; n += 23) all.push_back(choose_length(n, {table.lanes, table.registers}));
  return all;
}

// Rows q·m.. of 2n real coefficients, as the passes take them.
template <class T>
EdgeArgs<T> edge(const Transform<T>& transform, T* coefficients, T* lines) {
  const std::int64_t m = transform.lines();
  EdgeArgs<T> args{.re = {}, .im = {}, .lines = lines, .roots = transform.lane_roots(), .count = m, .has_im = true};
  for (int q = 0; q < transform.kernels().lanes; ++q) {
    args.re[q] = coefficients + q * m;
    args.im[q] = coefficients + transform.n() + q * m;
  }
  return args;
}

template <class T>
CenterArgs<T> center(T* lines) {
  return {.lines = lines,
          .twiddles = nullptr,
          .nodes = 0,
          .filter = nullptr,
          .skip = T(0),
          .other = nullptr,
          .sum = nullptr,
          .store = nullptr,
          .scale = T(1),
          .long_row = false};
}

template <class T>
AlignedArray<T> spectrum(const Transform<T>& transform, std::vector<T> coefficients, T scale = T(1), const Team& team = {}) {
  AlignedArray<T> lines = zeros<T>(2 * transform.n()), result = zeros<T>(2 * transform.n());
  transform.kernels().enter(edge(transform, coefficients.data(), lines.data()));
  if (transform.edges_do_root(team)) transform.pass_root(true, lines.data(), 0, transform.lines() / transform.edge_parts());
  CenterArgs<T> args = center(lines.data());
  args.store = result.data();
  args.scale = scale;
  transform.run(CenterOp::kStore, args, team);
  return result;
}

// The exponents a of the leaves' roots exp(2πi·a/4n), lane by lane.
template <class T>
std::vector<std::int64_t> leaf_numerators(const Transform<T>& transform) {
  const KernelTable<T>& table = transform.kernels();
  std::vector<int> radices = {table.lane_radices[0], table.lane_radices[1]};
  for (const int radix : transform.factorization().radices) radices.push_back(radix);
  return node_numerators(radices);
}

// Value of the complex polynomial with these 2n real coefficients (imaginary parts last) at exp(2πi·a/4n).
template <class T>
Point value_at(const std::vector<T>& coefficients, std::int64_t a, const std::vector<Point>& roots) {
  const auto n = static_cast<std::int64_t>(coefficients.size()) / 2, order = 4 * n;
  Point sum = 0;
  for (std::int64_t j = 0, at = 0; j < n; ++j, at = (at + a) % order) {
    sum += Point(coefficients[static_cast<std::size_t>(j)], coefficients[static_cast<std::size_t>(j + n)]) *
           roots[static_cast<std::size_t>(at)];
  }
  return sum;
}

std::vector<Point> all_roots(std::int64_t order) {
  std::vector<Point> roots;
  for (std::int64_t i = 0; i < order; ++i) roots.push_back(unit_root(i, order));
  return roots;
}

// At `count` random points of the spectrum, or at all of them where there are no more.
template <class T>
void expect_values(const Transform<T>& transform, std::int64_t count) {
  Random random(10);
  const std::int64_t n = transform.n(), lines = transform.lines();
  const std::vector<T> coefficients = random.values<T>(2 * n);
  const AlignedArray<T> result = spectrum(transform, coefficients);
  const std::vector<std::int64_t> numerators = leaf_numerators(transform);
  const std::vector<Point> roots = all_roots(4 * n);
  const double limit =
      3 * std::numeric_limits<T>::epsilon() * std::log2(2.0 * static_cast<double>(n)) * std::sqrt(2.0 * static_cast<double>(n));
  for (std::int64_t i = 0; i < std::min(count, n); ++i) {
    const std::int64_t leaf = count < n ? random.integer(0, n - 1) : i, lane = leaf / lines, line = leaf % lines;
    const T* const p = result.data() + line * 2 * transform.kernels().lanes + lane;
    const Point expected = value_at(coefficients, numerators[static_cast<std::size_t>(leaf)], roots);
    EXPECT_LE(std::abs(Point(p[0], p[transform.kernels().lanes]) - expected), limit) << "n " << n << " leaf " << leaf;
  }
}

LONGWING_ISA_SUITE(Transforms);

TEST_P(Transforms, AreTheValuesAtTheRootsOfTheRing) {
  for_each_table([](const auto& table) {
    for (const Factorization& f : short_transforms(table)) expect_values(Transform(table, f), f.n);
  });
}

// Longer than a sweep through the near cache, so that the depth-first part runs.
TEST_P(Transforms, AreRightBeyondTheNearCache) {
  for_each_table([](const auto& table) {
    expect_values(Transform(table, choose_length(20000, {table.lanes, table.registers})), 60);
    expect_values(Transform(table, factorization(table, {13, 11, 16, 8})), 60);
    expect_values(Transform(table, choose_length(300000, {table.lanes, table.registers})), 60);
    expect_values(Transform(table, factorization(table, {3, 16, 16, 7, 5})), 60);
  });
}

// (u + i·v)(x)·(k + i·l)(x) modulo x^n = i is the real product modulo x^2n = -1.
template <class T>
void check_product(const KernelTable<T>& table, const Factorization& f) {
  Random random(11);
  const Transform<T> transform(table, f);
  const std::int64_t size = 2 * f.n;
  std::vector<T> u = random.values<T>(size), y(static_cast<std::size_t>(size));
  const std::vector<T> k = random.values<T>(size);
  const AlignedArray<T> filter = spectrum(transform, k, T(1) / static_cast<T>(f.n));
  AlignedArray<T> lines = zeros<T>(size);
  table.enter(edge(transform, u.data(), lines.data()));
  CenterArgs<T> args = center(lines.data());
  args.filter = filter.data();
  transform.run(CenterOp::kMultiply, args, Team());
  table.leave(edge(transform, y.data(), lines.data()));
  const double limit = 3 * std::numeric_limits<T>::epsilon() * std::log2(static_cast<double>(size)) * std::sqrt(static_cast<double>(size));
  for (std::int64_t t = 0; t < size; ++t) {
    double expected = 0;
    for (std::int64_t j = 0; j < size; ++j) {
      const std::int64_t i = t - j;
      const double product =
          static_cast<double>(k[static_cast<std::size_t>(j)]) * static_cast<double>(u[static_cast<std::size_t>(i < 0 ? i + size : i)]);
      expected += i < 0 ? -product : product;
    }
    EXPECT_NEAR(y[static_cast<std::size_t>(t)], expected, limit) << "n " << f.n << " t " << t;
  }
}

TEST_P(Transforms, MultiplyModuloTheRing) {
  for_each_table([](const auto& table) {
    for (const Factorization& f : short_transforms(table)) check_product(table, f);
  });
}

TEST_P(Transforms, ATeamDoesTheSameOperations) {
  for_each_table([]<class T>(const KernelTable<T>& table) {
    Random random(12);
    const Execution execution;
    for (const Factorization& f : {factorization(table, {7, 5, 13, 4}), choose_length(40000, {table.lanes, table.registers}),
                                   choose_length(300000, {table.lanes, table.registers})}) {
      const Transform<T> transform(table, f);
      const std::vector<T> coefficients = random.values<T>(2 * f.n);
      const AlignedArray<T> alone = spectrum(transform, coefficients), shared = spectrum(transform, coefficients, T(1), Team(3, execution));
      EXPECT_TRUE(std::equal(alone.data(), alone.data() + alone.size(), shared.data())) << f.n;
    }
  });
}

// Each count of positions, whole vectors or not: null rows are zeros, and nothing beyond `count` is read or written.
template <class T>
void check_edge(const KernelTable<T>& table, std::int64_t count, bool has_im) {
  SCOPED_TRACE(std::to_string(count) + (has_im ? " complex" : " real"));
  constexpr T kGuard = T(1e30);
  Random random(13);
  const int lanes = table.lanes;
  const Transform<T> transform(table, factorization(table, {1}));
  std::vector<std::vector<T>> rows, zero_rows(static_cast<std::size_t>(2 * lanes), std::vector<T>(static_cast<std::size_t>(count)));
  for (int i = 0; i < 2 * lanes; ++i) rows.push_back(random.values<T>(count));
  std::vector<T> lines(static_cast<std::size_t>(2 * lanes * (count + 2)), kGuard), same = lines;
  EdgeArgs<T> in{.re = {}, .im = {}, .lines = lines.data(), .roots = transform.lane_roots(), .count = count, .has_im = has_im};
  EdgeArgs<T> zero = in, out = in;
  zero.lines = same.data();
  std::vector<std::vector<T>> results(rows.size(), std::vector<T>(static_cast<std::size_t>(count + 1), kGuard));
  const auto row = [lanes](EdgeArgs<T>& args, int i) -> T*& { return i < lanes ? args.re[i] : args.im[i - lanes]; };
  const auto absent = [&](int i) { return i % 3 == 1 || (i >= lanes && !has_im); };
  for (int i = 0; i < 2 * lanes; ++i) {
    const auto at = static_cast<std::size_t>(i);
    row(in, i) = absent(i) ? nullptr : rows[at].data();
    row(zero, i) = absent(i) ? zero_rows[at].data() : rows[at].data();
    row(out, i) = absent(i) ? nullptr : results[at].data();
  }
  table.enter(in);
  table.enter(zero);
  EXPECT_EQ(lines, same);
  zero.has_im = true;
  table.enter(zero);
  for (std::size_t i = 0; i < lines.size(); ++i) {  // real rows are summed in another order
    EXPECT_NEAR(lines[i], same[i], has_im ? T(0) : 40 * std::numeric_limits<T>::epsilon()) << "number " << i;
  }
  EXPECT_TRUE(std::all_of(lines.begin() + 2 * lanes * count, lines.end(), [](T x) { return x == kGuard; }));
  table.leave(out);
  for (int i = 0; i < 2 * lanes; ++i) {
    const auto& result = results[static_cast<std::size_t>(i)];
    EXPECT_EQ(result.back(), kGuard);
    for (std::int64_t p = 0; p < count; ++p) {
      const auto at = static_cast<std::size_t>(p);
      if (absent(i)) EXPECT_EQ(result[at], kGuard);
      else EXPECT_NEAR(result[at] / static_cast<T>(lanes), rows[static_cast<std::size_t>(i)][at], 20 * std::numeric_limits<T>::epsilon());
    }
  }
}

TEST_P(Transforms, EdgesTakeAnyCountAndAbsentRows) {
  for_each_table([](const auto& table) {
    for (std::int64_t count = 1; count <= 2 * table.lanes + 1; ++count) {
      for (const bool has_im : {false, true}) check_edge(table, count, has_im);
    }
  });
}

TEST_P(Transforms, AreSharedByLengthWhileAPlanHoldsThem) {
  for_each_table([]<class T>(const KernelTable<T>& table) {
    const Factorization f = factorization(table, {5, 3});
    const auto first = Transform<T>::shared(table, f), second = Transform<T>::shared(table, f);
    EXPECT_EQ(first, second);
    EXPECT_NE(first, Transform<T>::shared(table, factorization(table, {5, 5})));
    EXPECT_GE(first->bytes(), static_cast<std::size_t>(2 * f.n - 2) * sizeof(T));  // a twiddle for each part of a split but the first
  });
}

}  // namespace
}  // namespace longwing::cpu
