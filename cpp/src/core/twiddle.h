// Twiddle factors of the ring-splitting butterfly.
//
// A node holds a polynomial modulo x^M - c, c = exp(2πi·a/(4P)); the root is modulo x^n - i: a = 1, P = 1. A radix-r pass
// multiplies the q-th of its r parts by c^(q/r) = exp(2πi·q·a/(4Pr)) and splits it into r nodes with a + 4P·j, Pr.
// So every twiddle of a transform of length n is a power of exp(2πi/4n), and all come from one table of roots.
#pragma once

#include <array>
#include <cmath>
#include <complex>
#include <cstdint>
#include <numbers>
#include <vector>

namespace longwing {

/// exp(2πi·index/order), computed in Wide from two tables of about sqrt(order) entries.
template <class Wide>
class RootTable {
 public:
  explicit RootTable(std::int64_t order) : order_(order), step_(1) {
    while (step_ * step_ < order) step_ *= 2;
    fine_.reserve(static_cast<std::size_t>(step_));
    for (std::int64_t i = 0; i < step_; ++i) fine_.push_back(exact(i));
    coarse_.reserve(static_cast<std::size_t>(order / step_ + 1));
    for (std::int64_t i = 0; i * step_ < order; ++i) coarse_.push_back(exact(i * step_));
  }

  /// index in [0, order)
  std::complex<Wide> operator()(std::int64_t index) const {
    const auto& a = coarse_[static_cast<std::size_t>(index / step_)];
    const auto& b = fine_[static_cast<std::size_t>(index % step_)];
    return {a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real()};
  }

 private:
  // Reduced to the first octant, so that cos and sin are evaluated where they are most accurate.
  std::complex<Wide> exact(std::int64_t index) const {
    const std::int64_t eighths = 8 * (index % order_);
    const std::int64_t octant = eighths / order_;
    const std::int64_t rest = octant % 2 == 0 ? eighths % order_ : order_ - eighths % order_;
    const Wide angle = std::numbers::pi_v<Wide> / 4 * static_cast<Wide>(rest) / static_cast<Wide>(order_);
    Wide c = std::cos(angle), s = std::sin(angle);
    if (octant % 4 == 1 || octant % 4 == 2) std::swap(c, s);
    if (octant >= 2 && octant <= 5) c = -c;
    if (octant >= 4) s = -s;
    return {c, s};
  }

  std::int64_t order_, step_;
  std::vector<std::complex<Wide>> fine_, coarse_;
};

/// A root of unity as the pair of T near it that a convolution suffers least from. A relative error e of a twiddle enters the product
/// up to three times, from both forward transforms and conjugated from the inverse: the real parts of e add up, the imaginary parts
/// partly cancel. So of the two nearest numbers for each part the pair with the least weight·(Re e)^2 + (Im e)^2 is taken, with the
/// weight that measured best among 1 (plain rounding) to 9 at n = 2^20: 3 to 5 % less error than plain rounding.
template <class T, class Wide>
std::complex<T> rounded_root(const std::complex<Wide>& w) {
  const auto neighbours = [](Wide exact) {
    const T nearest = static_cast<T>(exact);
    const T towards = static_cast<Wide>(nearest) < exact ? T(2) : T(-2);
    return std::array{nearest, static_cast<Wide>(nearest) == exact ? nearest : std::nextafter(nearest, towards)};
  };
  constexpr Wide kModulusWeight = 4;
  std::complex<T> best;
  Wide least = 1;
  for (const T re : neighbours(w.real())) {
    for (const T im : neighbours(w.imag())) {
      const std::complex<Wide> e = (std::complex<Wide>(re, im) - w) * std::conj(w);
      const Wide harm = kModulusWeight * e.real() * e.real() + e.imag() * e.imag();
      if (harm < least) least = harm, best = {re, im};
    }
  }
  return best;
}

/// The `a` of each node after splitting the root by `radices` in order, nodes in memory order (first radix slowest).
inline std::vector<std::int64_t> node_numerators(const std::vector<int>& radices) {
  std::vector<std::int64_t> numerators = {1};
  std::int64_t product = 1;
  for (const int radix : radices) {
    std::vector<std::int64_t> next;
    next.reserve(numerators.size() * static_cast<std::size_t>(radix));
    for (const std::int64_t a : numerators) {
      for (int j = 0; j < radix; ++j) next.push_back(a + 4 * product * j);
    }
    numerators = std::move(next);
    product *= radix;
  }
  return numerators;
}

}  // namespace longwing
