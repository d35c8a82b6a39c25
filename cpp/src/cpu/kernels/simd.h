// One vector type per instruction set, over the compilers' vector extensions.
//
// Everything in kernels/ lives in an anonymous namespace: each isa/*.cc compiles it once with its own flags, and no symbol of one
// instruction set may be taken by the linker for another's. For the same reason nothing here includes a standard header with code.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#include "core/complex.h"

namespace longwing::cpu {
namespace {

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX2__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif

template <class T>
struct Vec {
  typedef T Native __attribute__((vector_size(kVectorBytes)));
  static constexpr int kLanes = kVectorBytes / static_cast<int>(sizeof(T));

  Native v;

  Vec() = default;
  LONGWING_HD Vec(Native native) : v(native) {}
  LONGWING_HD explicit Vec(double value) : v(static_cast<T>(value) - Native{}) {}

  LONGWING_HD static Vec load(const T* p) {
    Native native;
    __builtin_memcpy(&native, p, sizeof native);
    return native;
  }
  LONGWING_HD static Vec broadcast(const T* p) { return *p - Native{}; }
  LONGWING_HD void store(T* p) const { __builtin_memcpy(p, &v, sizeof v); }

  friend LONGWING_HD Vec operator+(Vec a, Vec b) { return a.v + b.v; }
  friend LONGWING_HD Vec operator-(Vec a, Vec b) { return a.v - b.v; }
  friend LONGWING_HD Vec operator*(Vec a, Vec b) { return a.v * b.v; }
  friend LONGWING_HD Vec operator/(Vec a, Vec b) { return a.v / b.v; }
  friend LONGWING_HD Vec operator-(Vec a) { return -a.v; }

  // What the activations ask for besides (core/epilogue.h); comparisons give integers of the same width, all bits or none.
  friend LONGWING_HD Vec magnitude(Vec x) { return x.v < 0 ? -x.v : x.v; }
  friend LONGWING_HD Vec at_most(Vec x, double limit) { return x.v > static_cast<T>(limit) ? Vec(limit).v : x.v; }
  friend LONGWING_HD Vec select_negative(Vec x, Vec a, Vec b) { return x.v < 0 ? a.v : b.v; }
  friend LONGWING_HD Vec times_power_of_two(Vec p, Vec shifted) {
    using Bits = decltype(p.v < p.v);
    constexpr int kMantissaBits = sizeof(T) == 4 ? 23 : 52;
    return (Native)((Bits)p.v + ((Bits)shifted.v << kMantissaBits));
  }
};

/// The first `count` elements, zeros behind them; nothing beyond them is read.
template <class T>
LONGWING_HD Vec<T> load_partial(const T* p, int count) {
#if defined(__AVX512F__)
  if constexpr (sizeof(T) == 4) return typename Vec<T>::Native(_mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << count) - 1), p));
  else return typename Vec<T>::Native(_mm512_maskz_loadu_pd(static_cast<__mmask8>((1u << count) - 1), p));
#else
  T values[Vec<T>::kLanes] = {};
  for (int i = 0; i < count; ++i) values[i] = p[i];
  return Vec<T>::load(values);
#endif
}

/// Stores the first `count` elements; nothing beyond them is touched.
template <class T>
LONGWING_HD void store_partial(T* p, Vec<T> value, int count) {
#if defined(__AVX512F__)
  if constexpr (sizeof(T) == 4) _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1u << count) - 1), value.v);
  else _mm512_mask_storeu_pd(p, static_cast<__mmask8>((1u << count) - 1), value.v);
#else
  T values[Vec<T>::kLanes];
  value.store(values);
  for (int i = 0; i < count; ++i) p[i] = values[i];
#endif
}

// a·b + c: one rounding where the instruction set has it.
#if defined(__AVX512F__)
LONGWING_HD Vec<float> fma(Vec<float> a, Vec<float> b, Vec<float> c) { return Vec<float>::Native(_mm512_fmadd_ps(a.v, b.v, c.v)); }
LONGWING_HD Vec<double> fma(Vec<double> a, Vec<double> b, Vec<double> c) { return Vec<double>::Native(_mm512_fmadd_pd(a.v, b.v, c.v)); }
#elif defined(__FMA__)
LONGWING_HD Vec<float> fma(Vec<float> a, Vec<float> b, Vec<float> c) { return Vec<float>::Native(_mm256_fmadd_ps(a.v, b.v, c.v)); }
LONGWING_HD Vec<double> fma(Vec<double> a, Vec<double> b, Vec<double> c) { return Vec<double>::Native(_mm256_fmadd_pd(a.v, b.v, c.v)); }
#elif defined(__aarch64__)
LONGWING_HD Vec<float> fma(Vec<float> a, Vec<float> b, Vec<float> c) { return Vec<float>::Native(vfmaq_f32(c.v, a.v, b.v)); }
LONGWING_HD Vec<double> fma(Vec<double> a, Vec<double> b, Vec<double> c) { return Vec<double>::Native(vfmaq_f64(c.v, a.v, b.v)); }
#else
LONGWING_HD Vec<float> fma(Vec<float> a, Vec<float> b, Vec<float> c) { return a * b + c; }
LONGWING_HD Vec<double> fma(Vec<double> a, Vec<double> b, Vec<double> c) { return a * b + c; }
#endif

// Lanes of a with bit S clear, then b's in the places with bit S set, moved down (kHigh: the other halves).
template <int S, bool kHigh, class V, int... I>
LONGWING_HD V exchange(V a, V b, std::integer_sequence<int, I...>) {
  constexpr int kLanes = sizeof...(I);
  if constexpr (kHigh) return __builtin_shufflevector(a, b, ((I & S) ? I + kLanes : I + S)...);
  return __builtin_shufflevector(a, b, ((I & S) ? I - S + kLanes : I)...);
}

template <int S, class T>
LONGWING_HD void transpose_step(Vec<T>* rows) {
  constexpr int kLanes = Vec<T>::kLanes;
  constexpr auto lanes = std::make_integer_sequence<int, kLanes>();
#pragma GCC unroll 16
  for (int i = 0; i < kLanes; ++i) {
    if (i & S) continue;
    const auto a = rows[i].v, b = rows[i + S].v;
    rows[i] = exchange<S, false>(a, b, lanes);
    rows[i + S] = exchange<S, true>(a, b, lanes);
  }
}

/// The square matrix of kLanes rows, transposed in registers.
template <class T>
LONGWING_HD void transpose(Vec<T>* rows) {
  if constexpr (Vec<T>::kLanes >= 16) transpose_step<8>(rows);
  if constexpr (Vec<T>::kLanes >= 8) transpose_step<4>(rows);
  if constexpr (Vec<T>::kLanes >= 4) transpose_step<2>(rows);
  transpose_step<1>(rows);
}

/// A line: kLanes real parts, then kLanes imaginary parts; lane l belongs to node l of the first pass.
template <class T>
constexpr int kLine = 2 * Vec<T>::kLanes;

template <class T>
LONGWING_HD Complex<Vec<T>> load_line(const T* line) {
  return {Vec<T>::load(line), Vec<T>::load(line + Vec<T>::kLanes)};
}

template <class T>
LONGWING_HD void store_line(T* line, Complex<Vec<T>> value) {
  value.re.store(line);
  value.im.store(line + Vec<T>::kLanes);
}

}  // namespace
}  // namespace longwing::cpu
