// Complex arithmetic and the butterflies against sums in long double.
#include "core/butterfly.h"

#include <gtest/gtest.h>

#include <limits>
#include <type_traits>

#include "random_values.h"

namespace longwing {
namespace {

using Exact = std::complex<long double>;

template <class T>
Complex<T> random_complex(Random& random) {
  return {static_cast<T>(random.normal()), static_cast<T>(random.normal())};
}

template <class T>
Exact exact(Complex<T> z) {
  return {z.re, z.im};
}

template <class Case>
class Butterfly : public ::testing::Test {};

template <class Number, int kPoints>
struct Case {
  using T = Number;
  static constexpr int R = kPoints;
};

using Cases = ::testing::Types<Case<float, 2>, Case<float, 3>, Case<float, 4>, Case<float, 5>, Case<float, 7>, Case<float, 8>,
                               Case<float, 11>, Case<float, 13>, Case<float, 16>, Case<double, 2>, Case<double, 3>, Case<double, 4>,
                               Case<double, 5>, Case<double, 7>, Case<double, 8>, Case<double, 11>, Case<double, 13>, Case<double, 16>>;

struct Name {
  template <class C>
  static std::string GetName(int) {
    return std::string(sizeof(typename C::T) == 4 ? "float32_" : "float64_") + std::to_string(C::R);
  }
};

TYPED_TEST_SUITE(Butterfly, Cases, Name);

template <class T, int R, int kSign>
void expect_sums() {
  Random random(5);
  for (int repeat = 0; repeat < 20; ++repeat) {
    Complex<T> x[R];
    Exact before[R];
    long double norm = 0;
    for (int q = 0; q < R; ++q) {
      x[q] = random_complex<T>(random);
      before[q] = exact(x[q]);
      norm += std::norm(before[q]);
    }
    butterfly<R, kSign>(x);
    for (int j = 0; j < R; ++j) {
      Exact sum = 0;
      for (int q = 0; q < R; ++q) sum += before[q] * unit_root(kSign * j * q, R);
      // Every output is bounded by sqrt(R)·norm, and goes through at most R/2 + 3 additions.
      EXPECT_LE(std::abs(exact(x[j]) - sum), 3 * std::numeric_limits<T>::epsilon() * std::sqrt(R * norm)) << kSign << " " << j;
    }
  }
}

TYPED_TEST(Butterfly, IsTheFourierTransformOfItsPoints) {
  expect_sums<typename TypeParam::T, TypeParam::R, 1>();
  expect_sums<typename TypeParam::T, TypeParam::R, -1>();
}

TYPED_TEST(Butterfly, OfAnImpulseIsExact) {
  using T = typename TypeParam::T;
  constexpr int R = TypeParam::R;
  Complex<T> x[R] = {{T(3), T(-2)}};
  butterfly<R, 1>(x);
  for (int j = 0; j < R; ++j) EXPECT_EQ(exact(x[j]), Exact(3, -2)) << j;
}

template <int R>
void expect_table() {
  for (int k = 0; k < 3 * R; ++k) {
    EXPECT_NEAR(cosine<R>(k), static_cast<double>(unit_root(k, R).real()), 3e-16) << R << " " << k;
    EXPECT_NEAR(sine<R>(k), static_cast<double>(unit_root(k, R).imag()), 3e-16) << R << " " << k;
  }
}

TEST(OddRoots, FollowBySymmetryFromTheTable) {
  expect_table<3>();
  expect_table<5>();
  expect_table<7>();
  expect_table<11>();
  expect_table<13>();
}

TEST(ComplexNumbers, ProductsAreAccurate) {
  Random random(6);
  for (int i = 0; i < 1000; ++i) {
    const auto a = random_complex<double>(random), b = random_complex<double>(random), c = random_complex<double>(random);
    const Exact x = exact(a), y = exact(b), z = exact(c);
    const long double limit = 4 * std::numeric_limits<double>::epsilon() * (std::abs(x) * std::abs(y) + std::abs(z));
    EXPECT_LE(std::abs(exact(a * b) - x * y), limit);
    EXPECT_LE(std::abs(exact(multiply_conj(a, b)) - x * std::conj(y)), limit);
    EXPECT_LE(std::abs(exact(multiply_conj_add(a, b, c)) - (z + x * std::conj(y))), limit);
    EXPECT_EQ(exact(multiply_i<1>(a)), x * Exact(0, 1));
    EXPECT_EQ(exact(multiply_i<-1>(a)), x * Exact(0, -1));
  }
}

}  // namespace
}  // namespace longwing
