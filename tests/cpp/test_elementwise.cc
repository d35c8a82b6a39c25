// Loops over samples: every count around the vector length, against the same formula in long double.
#include <cmath>
#include <limits>
#include <numbers>

#include "isa_test.h"
#include "random_values.h"

namespace longwing::cpu {
namespace {

constexpr std::int64_t kCounts[] = {0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 64, 100, 129};

LONGWING_ISA_SUITE(Elementwise);

// operation(dst, a, b, count) leaves formula(a[i], b[i]) in dst[i] < count, and dst[count] as it was.
template <class T, class Operation, class Formula>
void check_loop(const Operation& operation, const Formula& formula) {
  Random random(14);
  for (const std::int64_t count : kCounts) {
    const std::vector<T> a = random.values<T>(count + 1), b = random.values<T>(count + 1);
    std::vector<T> dst = a, expected = a;
    for (std::int64_t i = 0; i < count; ++i) {
      const auto at = static_cast<std::size_t>(i);
      expected[at] = formula(a[at], b[at]);
    }
    operation(dst.data(), a.data(), b.data(), count);
    EXPECT_EQ(dst, expected) << count;
    dst = a;
    operation(dst.data(), dst.data(), b.data(), count);
    EXPECT_EQ(dst, expected) << count << " in place";
  }
}

// Rows and columns around the lanes, in matrices that are wider; what lies between and behind is left alone.
TEST_P(Elementwise, TransposeMovesEveryElementAndNothingElse) {
  for_each_table([]<class T>(const KernelTable<T>& table) {
    for (const std::int64_t rows : {1, 3, 4, 8, 15, 16, 17, 50}) {
      for (const std::int64_t columns : {1, 2, 7, 8, 16, 19, 33}) {
        const std::int64_t src_stride = columns + 3, dst_stride = rows + 5;
        Random random(31);
        const std::vector<T> src = random.values<T>(rows * src_stride);
        std::vector<T> dst = random.values<T>(columns * dst_stride), expected = dst;
        for (std::int64_t r = 0; r < rows; ++r) {
          for (std::int64_t c = 0; c < columns; ++c) {
            expected[static_cast<std::size_t>(c * dst_stride + r)] = src[static_cast<std::size_t>(r * src_stride + c)];
          }
        }
        table.transpose(dst.data(), dst_stride, src.data(), src_stride, rows, columns);
        EXPECT_EQ(dst, expected) << rows << " x " << columns;
      }
    }
  });
}

TEST_P(Elementwise, MultiplyAddAndScaleAreExactlyRounded) {
  for_each_table([]<class T>(const KernelTable<T>& table) {
    check_loop<T>([&](T* dst, const T* a, const T* b, std::int64_t count) { table.multiply(dst, a, b, count); },
                  [](T a, T b) { return a * b; });
    check_loop<T>([&](T* dst, const T*, const T* b, std::int64_t count) { table.add(dst, b, count); }, [](T a, T b) { return a + b; });
    check_loop<T>([&](T* dst, const T* a, const T*, std::int64_t count) { table.scale(dst, a, T(0.3), count); },
                  [](T a, T) { return a * T(0.3); });
  });
}

struct Function {
  long double value, derivative;
};

Function exact(Activation activation, long double x) {
  if (activation == Activation::kNone) return {x, 1};
  if (activation == Activation::kSilu) {
    const long double sigmoid = 1 / (1 + std::exp(-x));
    return {x * sigmoid, sigmoid * (1 + x * (1 - sigmoid))};
  }
  const long double phi = std::erfc(-x / std::numbers::sqrt2_v<long double>) / 2;
  return {x * phi, phi + x * std::exp(-x * x / 2) / std::sqrt(2 * std::numbers::pi_v<long double>)};
}

TEST_P(Elementwise, ActivationsAndTheirDerivativesAreAccurate) {
  for_each_table([]<class T>(const KernelTable<T>& table) {
    for (const Activation activation : {Activation::kNone, Activation::kGelu, Activation::kSilu}) {
      std::vector<T> x;
      for (int i = -800; i <= 800; ++i) x.push_back(static_cast<T>(i) / T(100));
      std::vector<T> values = x, again = x, derivatives(x.size());
      const auto count = static_cast<std::int64_t>(x.size());
      table.activate(values.data(), derivatives.data(), activation, count);
      table.activate(again.data(), nullptr, activation, count);
      EXPECT_EQ(values, again);
      for (std::size_t i = 0; i < x.size(); ++i) {
        const Function expected = exact(activation, x[i]);
        const long double eps = std::numeric_limits<T>::epsilon();
        // The argument's own rounding in exp and erfc grows with x^2, up to 32 at the ends.
        EXPECT_NEAR(values[i], expected.value, (4 + static_cast<long double>(x[i] * x[i])) * eps * std::abs(expected.value)) << x[i];
        EXPECT_NEAR(derivatives[i], expected.derivative, 4 * eps * (1 + std::abs(expected.derivative))) << x[i];
      }
    }
  });
}

TEST_P(Elementwise, ActivationsAreFiniteFarOut) {
  for_each_table([]<class T>(const KernelTable<T>& table) {
    for (const Activation activation : {Activation::kGelu, Activation::kSilu}) {
      std::vector<T> values = {T(-1e4), T(1e4), T(-300), T(300)}, derivatives(4);
      table.activate(values.data(), derivatives.data(), activation, 4);
      EXPECT_EQ(values, (std::vector<T>{T(0), T(1e4), values[2], T(300)}));
      EXPECT_NEAR(values[2], 0, 1e-100);
      EXPECT_EQ(derivatives[1], T(1));
      EXPECT_NEAR(derivatives[0], 0, 1e-100);
    }
  });
}

TEST_P(Elementwise, CorrelateSumsTapsAndWritesWholeVectorsAtMost) {
  for_each_table([]<class T>(const KernelTable<T>& table) {
    constexpr T kGuard = T(7e20);
    Random random(15);
    for (const std::int64_t taps : {1, 2, 3, 5, 16, 40, 300}) {
      for (const std::int64_t count : kCounts) {
        const std::int64_t padded = (count + table.lanes - 1) / table.lanes * table.lanes;
        const std::vector<T> x = random.values<T>(padded + taps), k = random.values<T>(taps);
        std::vector<T> y(static_cast<std::size_t>(padded + 1), kGuard);
        table.correlate(y.data(), x.data(), k.data(), taps, count, 0, padded + taps);
        EXPECT_EQ(y.back(), kGuard) << taps << " " << count;
        for (std::int64_t t = 0; t < count; ++t) {
          long double expected = 0, size = 0;
          for (std::int64_t e = 0; e < taps; ++e) {
            const long double product = static_cast<long double>(k[static_cast<std::size_t>(e)]) * x[static_cast<std::size_t>(t + e)];
            expected += product;
            size += std::abs(product);
          }
          EXPECT_NEAR(y[static_cast<std::size_t>(t)], expected, 2 * std::numeric_limits<T>::epsilon() * std::sqrt(taps) * size);
        }
      }
    }
  });
}

TEST_P(Elementwise, CorrelateLeavesKnownZerosOut) {
  for_each_table([]<class T>(const KernelTable<T>& table) {
    Random random(17);
    for (const std::int64_t taps : {1, 5, 40, 300}) {
      for (const std::int64_t count : kCounts) {
        const std::int64_t padded = (count + table.lanes - 1) / table.lanes * table.lanes, size = padded + taps;
        const std::vector<T> k = random.values<T>(taps);
        for (const std::int64_t zeros : {std::int64_t{-3}, std::int64_t{1}, taps - 1, taps + 7, size}) {
          for (const std::int64_t end : {std::int64_t{0}, count / 2, count, size - 1, size + 9}) {
            std::vector<T> x = random.values<T>(size), y(static_cast<std::size_t>(padded)), all = y;
            for (std::int64_t i = 0; i < size; ++i) {
              if (i < zeros || i >= end) x[static_cast<std::size_t>(i)] = T(0);
            }
            table.correlate(y.data(), x.data(), k.data(), taps, count, zeros, end);
            table.correlate(all.data(), x.data(), k.data(), taps, count, 0, size);
            EXPECT_EQ(y, all) << taps << " taps, " << count << " outputs, zeros before " << zeros << " and from " << end << " on";
          }
        }
      }
    }
  });
}

TEST_P(Elementwise, DotIsTheSumOfProducts) {
  for_each_table([]<class T>(const KernelTable<T>& table) {
    Random random(16);
    for (const std::int64_t count : kCounts) {
      const std::vector<T> a = random.values<T>(count), b = random.values<T>(count);
      long double expected = 0, size = 0;
      for (std::size_t i = 0; i < a.size(); ++i) {
        const long double product = static_cast<long double>(a[i]) * b[i];
        expected += product;
        size += std::abs(product);
      }
      EXPECT_NEAR(table.dot(a.data(), b.data(), count), expected, 4 * std::numeric_limits<T>::epsilon() * size) << count;
    }
  });
}

}  // namespace
}  // namespace longwing::cpu
