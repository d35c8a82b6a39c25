// Roots of unity and the tree of rings they belong to.
#include "core/twiddle.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "random_values.h"

namespace longwing {
namespace {

using Exact = std::complex<long double>;

// Every index of a short order, random ones of a long order.
template <class Check>
void for_each_root(const Check& check) {
  for (const std::int64_t order : {4, 8, 12, 20, 28, 44, 52, 64, 240, 1000, 4096, 60060}) {
    for (std::int64_t index = 0; index < order; ++index) check(index, order);
  }
  Random random(2);
  for (const std::int64_t order : {std::int64_t{4} << 20, std::int64_t{4} * 3 * 5 * 7 * 11 * 13 * 16, std::int64_t{4} << 22}) {
    for (int i = 0; i < 2000; ++i) check(random.integer(0, order - 1), order);
  }
}

// Makes each table once.
template <class Wide>
class Tables {
 public:
  std::complex<Wide> operator()(std::int64_t index, std::int64_t order) {
    if (order != order_) table_ = RootTable<Wide>(order_ = order);
    return table_(index);
  }

 private:
  std::int64_t order_ = 1;
  RootTable<Wide> table_{1};
};

template <class Wide>
void expect_close_to_exact(long double limit) {
  Tables<Wide> root;
  for_each_root([&](std::int64_t index, std::int64_t order) {
    const Exact exact = unit_root(index, order);
    const std::complex<Wide> actual = root(index, order);
    EXPECT_LE(std::abs(Exact(actual.real(), actual.imag()) - exact), limit) << index << "/" << order;
  });
}

// A root is the product of two rounded ones.
TEST(RootTable, IsAccurateToTwoUnitsInTheLastPlace) {
  expect_close_to_exact<double>(2 * std::numeric_limits<double>::epsilon());
  // The reference is rounded as coarsely as this table.
  expect_close_to_exact<long double>(8 * std::numeric_limits<long double>::epsilon());
}

template <class T, class Wide>
void expect_rounded_by_rule() {
  Tables<Wide> root;
  for_each_root([&](std::int64_t index, std::int64_t order) {
    const std::complex<Wide> exact = root(index, order);
    const std::complex<T> actual = rounded_root<T>(exact), plain(static_cast<T>(exact.real()), static_cast<T>(exact.imag()));
    const auto spacing = [](T x) { return std::nextafter(std::abs(x), T(2)) - std::abs(x); };
    EXPECT_LE(std::abs(static_cast<Wide>(actual.real()) - exact.real()), static_cast<Wide>(spacing(plain.real())));
    EXPECT_LE(std::abs(static_cast<Wide>(actual.imag()) - exact.imag()), static_cast<Wide>(spacing(plain.imag())));
    // The modulus counts most, so it is never worse than that of plain rounding by more than the angle gains.
    const auto harm = [&](const std::complex<T>& value) {
      const auto e = (std::complex<Wide>(value.real(), value.imag()) - exact) * std::conj(exact);
      return 4 * e.real() * e.real() + e.imag() * e.imag();
    };
    EXPECT_LE(harm(actual), harm(plain)) << index << "/" << order;
  });
}

TEST(RoundedRoot, IsANeighbourThatHarmsNoMoreThanPlainRounding) {
  expect_rounded_by_rule<float, double>();
  expect_rounded_by_rule<double, long double>();
}

TEST(NodeNumerators, OfASmallTree) {
  EXPECT_EQ(node_numerators({}), (std::vector<std::int64_t>{1}));
  EXPECT_EQ(node_numerators({2}), (std::vector<std::int64_t>{1, 5}));
  EXPECT_EQ(node_numerators({2, 3}), (std::vector<std::int64_t>{1, 9, 17, 5, 13, 21}));
  EXPECT_EQ(node_numerators({3, 1, 2}), (std::vector<std::int64_t>{1, 13, 5, 17, 9, 21}));
}

TEST(NodeNumerators, OfTheLeavesAreAllRootsOfI) {
  for (const std::vector<int>& radices : std::vector<std::vector<int>>{{4, 4, 13, 2}, {2, 11, 7, 5}, {16, 8, 3, 1}}) {
    std::vector<std::int64_t> leaves = node_numerators(radices);
    std::sort(leaves.begin(), leaves.end());
    for (std::size_t i = 0; i < leaves.size(); ++i) EXPECT_EQ(leaves[i], static_cast<std::int64_t>(4 * i + 1));
  }
}

}  // namespace
}  // namespace longwing
