// Loops over contiguous samples: gates, sums, activations, and the direct form's correlation and dot product.
#pragma once

#include "core/epilogue.h"
#include "cpu/kernels/simd.h"
#include "longwing/types.h"

namespace longwing::cpu {
namespace {

template <class T>
void multiply(T* dst, const T* a, const T* b, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) dst[i] = a[i] * b[i];
}

template <class T>
void add(T* dst, const T* src, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) dst[i] += src[i];
}

template <class T>
void scale(T* dst, const T* src, T factor, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) dst[i] = src[i] * factor;
}

// function(Vec) -> ValueAndDerivative<Vec>, element by element.
template <class T, class Function>
LONGWING_HD void activate_with(T* values, T* derivative, std::int64_t count, Function function) {
  constexpr int kLanes = Vec<T>::kLanes;
  std::int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    const ValueAndDerivative<Vec<T>> result = function(Vec<T>::load(values + i));
    result.value.store(values + i);
    if (derivative) result.derivative.store(derivative + i);
  }
  if (i == count) return;
  const int rest = static_cast<int>(count - i);
  const ValueAndDerivative<Vec<T>> result = function(load_partial(values + i, rest));
  store_partial(values + i, result.value, rest);
  if (derivative) store_partial(derivative + i, result.derivative, rest);
}

template <class T>
void activate(T* values, T* derivative, Activation activation, std::int64_t count) {
  switch (activation) {
    case Activation::kGelu: return activate_with(values, derivative, count, [](Vec<T> x) { return gelu<T>(x); });
    case Activation::kSilu: return activate_with(values, derivative, count, [](Vec<T> x) { return silu<T>(x); });
    case Activation::kNone:
      for (std::int64_t i = 0; derivative && i < count; ++i) derivative[i] = T(1);
  }
}

template <class T>
T dot(const T* a, const T* b, std::int64_t count) {
  constexpr int kLanes = Vec<T>::kLanes, kUnroll = 4;
  Vec<T> sum[kUnroll] = {};
  std::int64_t i = 0;
  for (; i + kUnroll * kLanes <= count; i += kUnroll * kLanes) {
#pragma GCC unroll 4
    for (int j = 0; j < kUnroll; ++j) sum[j] = fma(Vec<T>::load(a + i + j * kLanes), Vec<T>::load(b + i + j * kLanes), sum[j]);
  }
  T parts[kLanes];
  ((sum[0] + sum[1]) + (sum[2] + sum[3])).store(parts);
  for (int width = kLanes / 2; width > 0; width /= 2) {
    for (int j = 0; j < width; ++j) parts[j] += parts[j + width];
  }
  T total = parts[0];
  for (; i < count; ++i) total += a[i] * b[i];
  return total;
}

// The taps and samples that some vectors of outputs meet, and their sums.
template <int kVectors, class T>
struct Correlation {
  static constexpr int kLanes = Vec<T>::kLanes;
  const T *x, *taps;
  std::int64_t tap_count, zeros, end;
  Vec<T> sum[kVectors] = {};

  // Vector i meets nothing but zeros before the first and from the last of these taps on: both fall as i rises.
  LONGWING_HD std::int64_t first(int i) const { return clamped(zeros - (i + 1) * kLanes + 1, 0); }
  LONGWING_HD std::int64_t last(int i) const { return clamped(end - i * kLanes, first(0)); }
  LONGWING_HD std::int64_t clamped(std::int64_t e, std::int64_t least) const { return e < least ? least : e > tap_count ? tap_count : e; }

  // Taps [e, stop) of vectors [kFrom, kTo).
  template <int kFrom, int kTo>
  LONGWING_HD void add(std::int64_t e, std::int64_t stop) {
    for (; e < stop; ++e) {
      const Vec<T> tap = Vec<T>::broadcast(taps + e);
#pragma GCC unroll 8
      for (int i = kFrom; i < kTo; ++i) sum[i] = fma(tap, Vec<T>::load(x + e + i * kLanes), sum[i]);
    }
  }
  // The last vector begins, one after the other joins it;
  template <int kFrom>
  LONGWING_HD void rise() {
    add<kFrom, kVectors>(first(kFrom), kFrom > 0 ? first(kFrom - 1) : last(kVectors - 1));
    if constexpr (kFrom > 0) rise<kFrom - 1>();
  }
  // and it is also the first to end.
  template <int kTo>
  LONGWING_HD void fall() {
    if constexpr (kTo > 0) {
      add<0, kTo>(last(kTo), last(kTo - 1));
      fall<kTo - 1>();
    }
  }
};

template <int kVectors, class T>
LONGWING_HD void correlate_vectors(T* y, const T* x, const T* taps, std::int64_t tap_count, std::int64_t zeros, std::int64_t end) {
  constexpr int kLanes = Vec<T>::kLanes;
  Correlation<kVectors, T> c{.x = x, .taps = taps, .tap_count = tap_count, .zeros = zeros, .end = end};
  if (zeros < kLanes && end > tap_count + (kVectors - 2) * kLanes) {  // not a vector could be left out
    c.template add<0, kVectors>(0, tap_count);
  } else {
    c.template rise<kVectors - 1>();
    c.template fall<kVectors - 1>();
  }
#pragma GCC unroll 8
  for (int i = 0; i < kVectors; ++i) c.sum[i].store(y + i * kLanes);
}

// As many as there are, at most kVectors.
template <int kVectors, class T>
LONGWING_HD void correlate_rest(T* y, const T* x, const T* taps, std::int64_t tap_count, std::int64_t vectors, std::int64_t zeros,
                                std::int64_t end) {
  if (vectors == kVectors) return correlate_vectors<kVectors>(y, x, taps, tap_count, zeros, end);
  if constexpr (kVectors > 1) correlate_rest<kVectors - 1>(y, x, taps, tap_count, vectors, zeros, end);
}

// Eight vectors of outputs at a time: one broadcast of a tap serves them all, and their sums hide each other's latency. Few outputs of
// many taps have a dot product each, whose sums do so.
template <class T>
void correlate(T* y, const T* x, const T* taps, std::int64_t tap_count, std::int64_t count, std::int64_t zeros, std::int64_t end) {
  constexpr int kLanes = Vec<T>::kLanes;
  if (count <= 2 * kLanes && tap_count >= 16 * kLanes) {
    for (std::int64_t t = 0; t < count; ++t) y[t] = dot(x + t, taps, tap_count);
    return;
  }
  std::int64_t t = 0;
  for (; t + 8 * kLanes <= count; t += 8 * kLanes) correlate_vectors<8>(y + t, x + t, taps, tap_count, zeros - t, end - t);
  correlate_rest<8>(y + t, x + t, taps, tap_count, (count - t + kLanes - 1) / kLanes, zeros - t, end - t);
}

}  // namespace
}  // namespace longwing::cpu
