#include "dispatch/twiddle_tables.h"

#include <complex>
#include <cstring>

#include "core/twiddle.h"
#include "policy/twiddle_powers.h"

namespace longwing::cuda {
namespace {

// Part q of node a/(4P) is multiplied by exp(2πi·q·a/(4Pr)): powers of one root of order 4n.
template <class T, class Wide>
HostTwiddles tables(const std::vector<int>& radices) {
  std::int64_t n = 1;
  for (const int radix : radices) n *= radix;
  const RootTable<Wide> roots(4 * n);
  HostTwiddles twiddles;
  std::vector<int> before;
  std::int64_t product = 1;
  for (const int radix : radices) {
    const std::vector<std::int64_t> numerators = node_numerators(before);
    std::vector<std::complex<T>> table;
    table.reserve(static_cast<std::size_t>(kept_powers(radix)) * numerators.size());
    for (int slot = 0; slot < kept_powers(radix); ++slot) {
      for (const std::int64_t a : numerators) {
        const std::int64_t index = kept_power(slot) * a % (4 * product * radix) * (n / (product * radix));
        table.push_back(rounded_root<T>(roots(index)));
      }
    }
    twiddles.offsets.push_back(twiddles.bytes.size());
    twiddles.bytes.resize(twiddles.bytes.size() + table.size() * sizeof(std::complex<T>));
    std::memcpy(twiddles.bytes.data() + twiddles.offsets.back(), table.data(), table.size() * sizeof(std::complex<T>));
    before.push_back(radix);
    product *= radix;
  }
  return twiddles;
}

}  // namespace

HostTwiddles make_twiddles(const std::vector<int>& radices, Arithmetic arithmetic) {
  if (arithmetic == Arithmetic::kFloat64) return tables<double, long double>(radices);
  return tables<float, double>(radices);
}

}  // namespace longwing::cuda
