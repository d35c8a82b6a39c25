// Taps of a filter row as points of the ring, and back: which tap stands at a place, by its lag.
#pragma once

#include "core/complex.h"
#include "device/arguments.h"
#include "thread/storage.cuh"

namespace longwing::cuda {

/// One row of taps: reads what its taps add up to at a lag, or writes a gradient to all of them.
template <class T>
class TapRow {
 public:
  LONGWING_HD TapRow(const TapArray& taps, const FilterTaps& filter, std::int64_t filter_row)
      : taps_(taps),
        period_(filter.period),
        offset_(filter_row / filter.groups * taps.filter_stride + filter_row % filter.groups * taps.group_stride) {}

  LONGWING_HD T sum_at(std::int64_t lag) const {
    double sum = 0;  // of several taps only where a circular filter is longer than its period
    for_each_tap(lag, [&](auto* tap) { sum += load_as<double>(tap); });
    return static_cast<T>(sum);
  }

  LONGWING_HD void store_at(std::int64_t lag, T value) const {
    for_each_tap(lag, [&](auto* tap) { store_as(tap, value); });
  }

  /// Zeros where no lag of [lo, hi] is: the taps first, first + step, ….
  LONGWING_HD void store_cropped(std::int64_t lo, std::int64_t hi, std::int64_t first, std::int64_t step) const {
    if (!taps_.data || period_ != 0) return;
    with_dtype(taps_.dtype, taps_.data, [&](auto* data) {
      for (std::int64_t tap = first; tap < taps_.count; tap += step) {
        const std::int64_t lag = taps_.origin + taps_.direction * tap;
        if (lag < lo || lag > hi) store_as(data + offset_ + tap * taps_.stride, T(0));
      }
    });
  }

 private:
  template <class Action>
  LONGWING_HD void for_each_tap(std::int64_t lag, const Action& action) const {
    if (!taps_.data) return;
    std::int64_t tap = (lag - taps_.origin) * taps_.direction;
    if (period_ != 0) tap = (tap % period_ + period_) % period_;
    if (tap < 0 || tap >= taps_.count) return;
    with_dtype(taps_.dtype, taps_.data, [&](auto* data) {
      do {
        action(data + offset_ + tap * taps_.stride);
        tap += period_;
      } while (period_ != 0 && tap < taps_.count);
    });
  }

  const TapArray& taps_;
  std::int64_t period_, offset_;
};

/// Filter row `row` of a filter and its reverse filter in the ring.
template <class T>
class FilterRow {
 public:
  LONGWING_HD FilterRow(const FilterTaps& filter, std::int64_t row)
      : filter_(filter), forward_(filter.taps[0], filter, row), reverse_(filter.taps[1], filter, row) {}

  LONGWING_HD Complex<T> point(std::int64_t place) const { return {at(place), at(place + filter_.n)}; }

  LONGWING_HD void store(std::int64_t place, Complex<T> value) const {
    store_at(place, value.re);
    store_at(place + filter_.n, value.im);
  }

  LONGWING_HD void store_cropped(std::int64_t first, std::int64_t step) const {
    forward_.store_cropped(filter_.lo, filter_.hi, first, step);
    reverse_.store_cropped(filter_.lo, filter_.hi, first, step);
  }

 private:
  // A lag d < 0 stands at 2n + d, with its sign turned.
  LONGWING_HD std::int64_t lag(std::int64_t place) const { return place <= filter_.hi ? place : place - 2 * std::int64_t{filter_.n}; }

  LONGWING_HD T at(std::int64_t place) const {
    const std::int64_t d = lag(place);
    if (d < filter_.lo) return T(0);
    const T sum = forward_.sum_at(d) + reverse_.sum_at(d);
    return d < 0 ? -sum : sum;
  }

  LONGWING_HD void store_at(std::int64_t place, T value) const {
    const std::int64_t d = lag(place);
    if (d < filter_.lo) return;
    forward_.store_at(d, d < 0 ? -value : value);
    reverse_.store_at(d, d < 0 ? -value : value);
  }

  const FilterTaps& filter_;
  TapRow<T> forward_, reverse_;
};

/// x[e] = the filter row's points first + step(e), by one loop through the thread's own slots.
template <class T, int N, class Step, class Slot>
LONGWING_HD void load_taps(const FilterTaps& filter, std::int64_t row, int first, const Step& step, const Slot& slot, Complex<T>* stage,
                           Complex<T> (&x)[N]) {
  const FilterRow<T> taps(filter, row);
  LONGWING_NO_UNROLL
  for (int e = 0; e < N; ++e) stage[slot(e)] = taps.point(first + step(e));
  LONGWING_UNROLL
  for (int e = 0; e < N; ++e) x[e] = stage[slot(e)];
}

/// The gradients x[e] of what stands at the points first + step(e); zeros to cropped taps of residue `first` modulo `threads`.
template <class T, int N, class Step, class Slot>
LONGWING_HD void store_taps(const FilterTaps& filter, std::int64_t row, int first, int threads, const Step& step, const Slot& slot,
                            Complex<T>* stage, const Complex<T> (&x)[N]) {
  const FilterRow<T> taps(filter, row);
  LONGWING_UNROLL
  for (int e = 0; e < N; ++e) stage[slot(e)] = x[e];
  LONGWING_NO_UNROLL
  for (int e = 0; e < N; ++e) taps.store(first + step(e), stage[slot(e)]);
  taps.store_cropped(first, threads);
}

}  // namespace longwing::cuda
