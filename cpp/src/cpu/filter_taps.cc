#include "cpu/filter_taps.h"

#include <algorithm>
#include <type_traits>
#include <vector>

#include "cpu/row_io.h"

namespace longwing::cpu {
namespace {

// visit(first tap, count, first lag, step) for stretches of at most kTile taps.
template <class Visit>
void for_each_stretch(const ConvSpec& spec, const LagMap& map, bool reverse, const Visit& visit) {
  for_each_tap_run(spec, map, reverse, [&](const TapRun& run) {
    for (std::int64_t done = 0; done < run.count; done += kTile) {
      visit(run.begin + done, std::min(kTile, run.count - done), run.first_lag + run.step * done, run.step);
    }
  });
}

// coefficients[lag - lo] += taps, in Sum's precision.
template <class T, class Sum>
void add_taps(const KernelTable<T>& kernels, const ConvSpec& spec, const LagMap& map, const FilterRow& filter, Sum* coefficients) {
  for (const bool reverse : {false, true}) {
    const TapRow& row = reverse ? filter.reverse : filter.forward;
    if (!row.data) continue;
    for_each_stretch(spec, map, reverse, [&](std::int64_t tap, std::int64_t count, std::int64_t lag, int step) {
      alignas(64) T taps[kTile];
      kernels.load(taps, element(row.data, row.dtype, tap * row.stride), row.dtype, row.stride, count);
      Sum* const target = coefficients + (lag - map.lags.lo);
      if (step > 0) {
        for (std::int64_t i = 0; i < count; ++i) target[i] += static_cast<Sum>(taps[i]);
      } else {
        for (std::int64_t i = 0; i < count; ++i) target[-i] += static_cast<Sum>(taps[i]);
      }
    });
  }
}

}  // namespace

// A circular filter longer than its period is folded onto it: many taps a coefficient, summed one precision up.
template <class T>
void gather_taps(const KernelTable<T>& kernels, const ConvSpec& spec, const LagMap& map, const FilterRow& filter, T* coefficients) {
  const std::int64_t count = map.lags.span() + 1;
  if (map.circular && std::max(spec.filter_length, spec.reverse_length) > count) {
    using Wide = std::conditional_t<std::is_same_v<T, float>, double, long double>;
    std::vector<Wide> sums(static_cast<std::size_t>(count));
    add_taps(kernels, spec, map, filter, sums.data());
    std::transform(sums.begin(), sums.end(), coefficients, [](Wide sum) { return static_cast<T>(sum); });
  } else {
    std::fill(coefficients, coefficients + count, T(0));
    add_taps(kernels, spec, map, filter, coefficients);
  }
}

template <class T>
void scatter_taps(const KernelTable<T>& kernels, const ConvSpec& spec, const LagMap& map, const T* coefficients,
                  const FilterRow& gradient) {
  for (const bool reverse : {false, true}) {
    const TapRow& row = reverse ? gradient.reverse : gradient.forward;
    if (!row.data) continue;
    std::int64_t next = 0;  // runs come in the taps' order: what lies between them is cropped
    const auto write = [&](std::int64_t tap, const T* values, std::int64_t count) {
      kernels.store(element(row.data, row.dtype, tap * row.stride), row.dtype, row.stride, values, count);
    };
    const auto clear_to = [&](std::int64_t tap) {
      constexpr T kZeros[kTile] = {};
      for (; next < tap; next += std::min(kTile, tap - next)) write(next, kZeros, std::min(kTile, tap - next));
    };
    for_each_stretch(spec, map, reverse, [&](std::int64_t tap, std::int64_t count, std::int64_t lag, int step) {
      const T* const source = coefficients + (lag - map.lags.lo);
      clear_to(tap);
      if (step == 1) {
        write(tap, source, count);
      } else {
        alignas(64) T taps[kTile];
        for (std::int64_t i = 0; i < count; ++i) taps[i] = source[-i];
        write(tap, taps, count);
      }
      next = tap + count;
    });
    clear_to(reverse ? spec.reverse_length : spec.filter_length);
  }
}

template void gather_taps(const KernelTable<float>&, const ConvSpec&, const LagMap&, const FilterRow&, float*);
template void gather_taps(const KernelTable<double>&, const ConvSpec&, const LagMap&, const FilterRow&, double*);
template void scatter_taps(const KernelTable<float>&, const ConvSpec&, const LagMap&, const float*, const FilterRow&);
template void scatter_taps(const KernelTable<double>&, const ConvSpec&, const LagMap&, const double*, const FilterRow&);

}  // namespace longwing::cpu
