// Loads and stores of every element type, by every bit pattern of the half formats.
#include <bit>
#include <cmath>
#include <limits>

#include "isa_test.h"

namespace longwing::cpu {
namespace {

// A 16-bit format: its fraction bits, and its exponent bits behind the sign.
struct Format {
  DType dtype;
  int fraction_bits, exponent_bits;

  int bias() const { return (1 << (exponent_bits - 1)) - 1; }
  std::uint16_t infinity() const { return static_cast<std::uint16_t>(((1 << exponent_bits) - 1) << fraction_bits); }

  double decode(std::uint16_t bits) const {
    const int fraction = bits & ((1 << fraction_bits) - 1), exponent = (bits & 0x7FFF) >> fraction_bits;
    double size = std::ldexp(fraction, 1 - bias() - fraction_bits);
    if (exponent > 0) size = std::ldexp((1 << fraction_bits) + fraction, exponent - bias() - fraction_bits);
    if ((bits & 0x7FFF) == infinity()) size = std::numeric_limits<double>::infinity();
    if ((bits & 0x7FFF) > infinity()) size = std::numeric_limits<double>::quiet_NaN();
    return bits & 0x8000 ? -size : size;
  }
};

constexpr Format kFormats[] = {{DType::kFloat16, 10, 5}, {DType::kBFloat16, 7, 8}};

std::vector<std::uint16_t> all_patterns() {
  std::vector<std::uint16_t> patterns(65536);
  for (std::size_t i = 0; i < patterns.size(); ++i) patterns[i] = static_cast<std::uint16_t>(i);
  return patterns;
}

LONGWING_ISA_SUITE(Convert);

TEST_P(Convert, LoadsEveryPattern) {
  for_each_table([]<class T>(const KernelTable<T>& table) {
    const std::vector<std::uint16_t> patterns = all_patterns();
    for (const Format& format : kFormats) {
      std::vector<T> values(patterns.size());
      table.load(values.data(), patterns.data(), format.dtype, 1, 65536);
      for (const std::uint16_t bits : patterns) {
        const double expected = format.decode(bits);
        if (std::isnan(expected)) EXPECT_TRUE(std::isnan(values[bits])) << bits;
        else EXPECT_EQ(values[bits], static_cast<T>(expected)) << bits;
        if (!std::isnan(expected)) {
          EXPECT_EQ(std::signbit(values[bits]), std::signbit(expected)) << bits;
        }
      }
    }
  });
}

// Rounds values through a store; `stride` 1 takes the vector path.
template <class T>
std::vector<std::uint16_t> stored(const KernelTable<T>& table, const Format& format, const std::vector<T>& values, std::int64_t stride) {
  std::vector<std::uint16_t> spread(values.size() * static_cast<std::size_t>(stride), 0xABCD), result;
  table.store(spread.data(), format.dtype, stride, values.data(), static_cast<std::int64_t>(values.size()));
  for (std::size_t i = 0; i < spread.size(); ++i) {
    if (i % static_cast<std::size_t>(stride) == 0) result.push_back(spread[i]);
    else EXPECT_EQ(spread[i], 0xABCD);
  }
  return result;
}

// Each value of the format, the point half way to the next one, and both neighbours of that point; with what they round to.
template <class T>
void check_rounding(const KernelTable<T>& table, const Format& format, std::int64_t stride) {
  SCOPED_TRACE(std::string(to_string(format.dtype)) + " stride " + std::to_string(stride));
  std::vector<T> values;
  std::vector<std::uint16_t> expected;
  const auto add = [&](T value, int bits) {
    for (const int sign : {0, 0x8000}) {
      values.push_back(sign ? -value : value);
      expected.push_back(static_cast<std::uint16_t>(bits | sign));
    }
  };
  for (int bits = 0; bits < format.infinity(); ++bits) {
    const auto pattern = static_cast<std::uint16_t>(bits);
    const double here = format.decode(pattern);
    // Beyond the largest number the next one would be a power of two, and stands for infinity.
    const double step = bits + 1 == format.infinity() ? here - format.decode(static_cast<std::uint16_t>(bits - 1))
                                                      : format.decode(static_cast<std::uint16_t>(bits + 1)) - here;
    const auto middle = static_cast<T>(here + step / 2);
    add(static_cast<T>(here), bits);
    add(middle, bits + bits % 2);
    add(std::nextafter(middle, T(0)), bits);
    add(std::nextafter(middle, std::numeric_limits<T>::infinity()), bits + 1);
  }
  add(std::numeric_limits<T>::max(), format.infinity());
  add(std::numeric_limits<T>::infinity(), format.infinity());
  add(std::numeric_limits<T>::denorm_min(), 0);
  const std::vector<std::uint16_t> actual = stored(table, format, values, stride);
  for (std::size_t i = 0; i < values.size(); ++i) EXPECT_EQ(actual[i], expected[i]) << values[i];
}

TEST_P(Convert, StoresTheNearestAndTheEvenOneOfTwo) {
  for_each_table([](const auto& table) {
    for (const Format& format : kFormats) {
      for (const std::int64_t stride : {1, 3}) check_rounding(table, format, stride);
    }
  });
}

TEST_P(Convert, StoresNotANumberAsNotANumber) {
  for_each_table([]<class T>(const KernelTable<T>& table) {
    // Both signs, and a pattern whose upper half alone would read as infinity.
    std::vector<T> values = {std::numeric_limits<T>::quiet_NaN(), -std::numeric_limits<T>::quiet_NaN(), T(0), T(0), T(0), T(0), T(0), T(0)};
    if constexpr (sizeof(T) == 4) values[2] = std::bit_cast<float>(0x7F800001u);
    else values[2] = std::bit_cast<double>(std::uint64_t{0x7FF0000000000001});
    for (const Format& format : kFormats) {
      for (const std::int64_t stride : {1, 2}) {
        const auto actual = stored(table, format, values, stride);
        for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(std::isnan(format.decode(actual[i]))) << actual[i];
      }
    }
  });
}

// Counts around the vector length, forward, strided and backward; single and double precision both ways.
template <class T, class Element>
void check_strides(const KernelTable<T>& table, DType dtype) {
  for (const std::int64_t stride : {1, 2, 5, -1, -3}) {
    for (const std::int64_t count : {0, 1, 7, 8, 9, 17}) {
      const auto size = static_cast<std::size_t>(17 * std::abs(stride));
      std::vector<Element> memory(size);
      for (std::size_t i = 0; i < size; ++i) memory[i] = static_cast<Element>(i + 1) / 4;
      Element* const first = stride > 0 ? memory.data() : memory.data() + size - 1;
      std::vector<T> values(18, T(-1));
      table.load(values.data(), first, dtype, stride, count);
      for (std::int64_t i = 0; i < count; ++i) EXPECT_EQ(values[static_cast<std::size_t>(i)], static_cast<T>(first[i * stride]));
      EXPECT_EQ(values[static_cast<std::size_t>(count)], T(-1));
      for (T& value : values) value = -value;
      std::vector<Element> expected = memory;
      Element* const target = expected.data() + (first - memory.data());
      for (std::int64_t i = 0; i < count; ++i) target[i * stride] = -target[i * stride];
      table.store(first, dtype, stride, values.data(), count);
      EXPECT_EQ(memory, expected) << stride << " " << count;
    }
  }
}

TEST_P(Convert, TakesAnyStrideAndCount) {
  for_each_table([](const auto& table) {
    check_strides<std::remove_cvref_t<decltype(table.dot(nullptr, nullptr, 0))>, float>(table, DType::kFloat32);
    check_strides<std::remove_cvref_t<decltype(table.dot(nullptr, nullptr, 0))>, double>(table, DType::kFloat64);
  });
}

}  // namespace
}  // namespace longwing::cpu
