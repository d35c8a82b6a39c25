// Reproducible numbers for tests.
#pragma once

#include <complex>
#include <cstdint>
#include <numbers>
#include <random>
#include <vector>

namespace longwing {

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}

  std::int64_t integer(std::int64_t lo, std::int64_t hi) { return std::uniform_int_distribution<std::int64_t>(lo, hi)(engine_); }
  bool coin() { return integer(0, 1) == 1; }
  double normal() { return normal_(engine_); }

  template <class T>
  std::vector<T> values(std::int64_t count) {
    std::vector<T> result(static_cast<std::size_t>(count));
    for (T& value : result) value = static_cast<T>(normal());
    return result;
  }

 private:
  std::mt19937 engine_;
  std::normal_distribution<double> normal_;
};

/// exp(2πi·index/order)
inline std::complex<long double> unit_root(std::int64_t index, std::int64_t order) {
  const std::int64_t turned = (index % order + order) % order;
  return std::polar(1.0L, 2 * std::numbers::pi_v<long double> * static_cast<long double>(turned) / static_cast<long double>(order));
}

}  // namespace longwing
