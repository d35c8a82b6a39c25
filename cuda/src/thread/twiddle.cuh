// The factors of a node: powers 1..R-1 of one root of unity, from the few that a table keeps.
//
// A pass of radix R multiplies part q of a node by zeta^q before its butterfly (core/twiddle.h). Of the powers 1, 2, 3 and 4, 8, 12, …
// are kept; q = 4a + b costs one product. So 16 points read 6 factors and their error is that of one product.
#pragma once

#include "core/complex.h"
#include "device/compat.cuh"
#include "policy/twiddle_powers.h"

namespace longwing::cuda {

/// All powers of one node's factor; `table` is at the node, `nodes` numbers from one power to the next.
template <int R, class T>
LONGWING_HD void load_twiddles(const Complex<T>* table, std::int64_t nodes, Complex<T> (&kept)[kept_powers(R)]) {
  constexpr int kKept = kept_powers(R);
  LONGWING_UNROLL
  for (int slot = 0; slot < kKept; ++slot) kept[slot] = table[slot * nodes];
}

template <int R, class T>
LONGWING_HD Complex<T> twiddle_power(const Complex<T> (&kept)[kept_powers(R)], int power) {
  const int low = power % 4, high = power / 4;
  if (high == 0) return kept[low - 1];
  if (low == 0) return kept[2 + high];
  return kept[2 + high] * kept[low - 1];
}

/// x[q] *= zeta^q
template <int R, class T>
LONGWING_HD void apply_twiddles(const Complex<T> (&kept)[kept_powers(R)], Complex<T>* x) {
  LONGWING_UNROLL
  for (int q = 1; q < R; ++q) x[q] = x[q] * twiddle_power<R>(kept, q);
}

/// x[q] *= conj(zeta^q)
template <int R, class T>
LONGWING_HD void apply_conjugate_twiddles(const Complex<T> (&kept)[kept_powers(R)], Complex<T>* x) {
  LONGWING_UNROLL
  for (int q = 1; q < R; ++q) x[q] = multiply_conj(x[q], twiddle_power<R>(kept, q));
}

}  // namespace longwing::cuda
