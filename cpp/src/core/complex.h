// Complex numbers over any arithmetic type with an `fma`: float, double, a SIMD vector, a CUDA register.
#pragma once

#include "core/hd.h"

namespace longwing {

LONGWING_HD float fma(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
LONGWING_HD double fma(double a, double b, double c) { return __builtin_fma(a, b, c); }

template <class V>
struct Complex {
  V re, im;
};

template <class V>
LONGWING_HD Complex<V> operator+(Complex<V> a, Complex<V> b) {
  return {a.re + b.re, a.im + b.im};
}

template <class V>
LONGWING_HD Complex<V> operator-(Complex<V> a, Complex<V> b) {
  return {a.re - b.re, a.im - b.im};
}

/// a·b
template <class V>
LONGWING_HD Complex<V> operator*(Complex<V> a, Complex<V> b) {
  return {fma(a.re, b.re, -(a.im * b.im)), fma(a.re, b.im, a.im * b.re)};
}

/// a·conj(b)
template <class V>
LONGWING_HD Complex<V> multiply_conj(Complex<V> a, Complex<V> b) {
  return {fma(a.re, b.re, a.im * b.im), fma(a.im, b.re, -(a.re * b.im))};
}

/// sum + a·conj(b)
template <class V>
LONGWING_HD Complex<V> multiply_conj_add(Complex<V> a, Complex<V> b, Complex<V> sum) {
  return {fma(a.re, b.re, fma(a.im, b.im, sum.re)), fma(a.im, b.re, fma(-a.re, b.im, sum.im))};
}

/// a·i·Sign
template <int Sign, class V>
LONGWING_HD Complex<V> multiply_i(Complex<V> a) {
  if constexpr (Sign > 0) return {-a.im, a.re};
  return {a.im, -a.re};
}

}  // namespace longwing
