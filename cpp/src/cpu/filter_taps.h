// The taps of one filter row, k and the reverse filter together, as a function of the lag; and the way back for gradients.
#pragma once

#include <cstdint>

#include "core/index_map.h"
#include "cpu/kernel_table.h"

namespace longwing::cpu {

/// One row of k or of the reverse filter; without data where there is none.
struct TapRow {
  void* data = nullptr;
  DType dtype = DType::kFloat32;
  std::int64_t stride = 1;
};

/// One filter: G·(bank or sample) of these make a call.
struct FilterRow {
  TapRow forward, reverse;
};

/// A coefficient of each lag in [lags.lo, lags.hi]: coefficients[lag - lo] += taps.
template <class T>
void gather_taps(const KernelTable<T>& kernels, const ConvSpec& spec, const LagMap& map, const FilterRow& filter, T* coefficients);

/// The gradient of every tap from those of the coefficients; cropped taps get zero.
template <class T>
void scatter_taps(const KernelTable<T>& kernels, const ConvSpec& spec, const LagMap& map, const T* coefficients, const FilterRow& gradient);

}  // namespace longwing::cpu
