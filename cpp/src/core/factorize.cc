#include "core/factorize.h"

#include <algorithm>
#include <array>
#include <limits>

namespace longwing {
namespace {

constexpr std::array kCenterRadices = {1, 2, 3, 4, 5, 8};

struct RadixCost {
  int radix;
  double few_registers, many_registers;
};

// Vector operations per line and pass as measured on Zen 4 in the L1 cache, mean of both directions: cycles of AVX2 with its 16
// registers times 4, of AVX-512 with its 32 times 2, which is what the core issues at most. Where a butterfly's values do not fit the
// registers they are spilled: 16 never pays, 8 only with 32 registers.
constexpr std::array<RadixCost, 9> kRadixCosts = {
    {{2, 10, 9.5}, {3, 12.5, 11}, {4, 12.5, 11}, {5, 22, 14.5}, {7, 33, 19}, {8, 22, 15.5}, {11, 54, 33}, {13, 58, 42}, {16, 35, 33}}};

double radix_cost(int radix, const VectorUnit& unit) {
  const auto* const row = std::find_if(kRadixCosts.begin(), kRadixCosts.end(), [radix](const RadixCost& r) { return r.radix == radix; });
  return unit.registers < 32 ? row->few_registers : row->many_registers;
}

// The cheapest way to write 2^exponent over radices 2, 4, 8 and 16, radices in descending order.
std::vector<int> split_power_of_two(int exponent, const VectorUnit& unit) {
  struct Choice {
    double cost = 0;
    int last = 0;
  };
  std::vector<Choice> best(static_cast<std::size_t>(exponent) + 1);
  for (int e = 1; e <= exponent; ++e) {
    best[static_cast<std::size_t>(e)].cost = std::numeric_limits<double>::max();
    for (int bits = 1; bits <= std::min(e, 4); ++bits) {
      const double cost = best[static_cast<std::size_t>(e - bits)].cost + radix_cost(1 << bits, unit);
      if (cost < best[static_cast<std::size_t>(e)].cost) best[static_cast<std::size_t>(e)] = {cost, bits};
    }
  }
  std::vector<int> radices;
  for (int e = exponent; e > 0; e -= best[static_cast<std::size_t>(e)].last) radices.push_back(1 << best[static_cast<std::size_t>(e)].last);
  std::sort(radices.rbegin(), radices.rend());
  return radices;
}

// m over the radices, odd ones first: their passes then run over the longest stretches. Empty cost where m does not factor.
Factorization factorize_lines(std::int64_t m, const VectorUnit& unit) {
  Factorization result{.n = m * unit.lanes, .lanes = unit.lanes, .radices = {}, .cost = 0};
  for (const int prime : {13, 11, 7, 5, 3}) {
    for (; m % prime == 0; m /= prime) result.radices.push_back(prime);
  }
  int exponent = 0;
  for (; m % 2 == 0; m /= 2) ++exponent;
  if (m != 1) return {};
  for (const int radix : split_power_of_two(exponent, unit)) result.radices.push_back(radix);
  if (result.radices.empty() || !is_center_radix(result.radices.back())) result.radices.push_back(1);
  const auto lines = static_cast<double>(result.lines());
  for (const int radix : result.radices) result.cost += lines * (radix == 1 ? 2 : radix_cost(radix, unit));
  // First pass: log2(lanes) levels and a transposition; a last group that does not fill the lanes goes through a buffer.
  result.cost += lines * (4 * std::max(1.0, static_cast<double>(unit.lanes) / 4));
  if (result.lines() % unit.lanes != 0) result.cost += 30.0 * unit.lanes;
  return result;
}

// Every product of odd supported primes up to `limit`.
std::vector<std::int64_t> odd_smooth_numbers(std::int64_t limit) {
  std::vector<std::int64_t> numbers = {1};
  for (const std::int64_t prime : {3, 5, 7, 11, 13}) {
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      if (numbers[i] <= limit / prime) numbers.push_back(numbers[i] * prime);
    }
  }
  return numbers;
}

}  // namespace

bool is_radix(int radix) {
  return std::any_of(kRadixCosts.begin(), kRadixCosts.end(), [radix](const RadixCost& r) { return r.radix == radix; });
}

bool is_center_radix(int radix) { return std::find(kCenterRadices.begin(), kCenterRadices.end(), radix) != kCenterRadices.end(); }

Factorization choose_length(std::int64_t minimum, const VectorUnit& unit) {
  const std::int64_t lines = std::max<std::int64_t>(1, (minimum + unit.lanes - 1) / unit.lanes);
  Factorization best;
  for (const std::int64_t odd : odd_smooth_numbers(2 * lines)) {
    std::int64_t m = odd;
    while (m < lines) m *= 2;
    // Twice as long can be cheaper where only then the lines fill the lanes.
    for (const std::int64_t length : {m, 2 * m}) {
      const Factorization candidate = factorize_lines(length, unit);
      if (best.n == 0 || candidate.cost < best.cost || (candidate.cost == best.cost && candidate.n < best.n)) best = candidate;
    }
  }
  return best;
}

}  // namespace longwing
