// The butterflies: X[j] = sum_q x[q] exp(Sign·2πi·j·q/R), in place, for every supported radix R.
//
// Powers of two are composed from 2 and 4; odd radices use the symmetry of cosine and sine, so that a product is
// with a real constant: X[j], X[R-j] = (x0 + sum_k c_jk·s_k) ± i·Sign·sum_k s_jk·d_k, s_k = x[k]+x[R-k], d_k = x[k]-x[R-k].
#pragma once

#include "core/complex.h"

namespace longwing {

/// cos(2πk/R) and sin(2πk/R), k = 0..(R-1)/2, to 20 digits; the rest follows by symmetry.
template <int R>
struct Roots;

template <>
struct Roots<3> {
  static constexpr double kCos[] = {1.0, -0.5};
  static constexpr double kSin[] = {0.0, 0.86602540378443864676};
};

template <>
struct Roots<5> {
  static constexpr double kCos[] = {1.0, 0.30901699437494742410, -0.80901699437494742410};
  static constexpr double kSin[] = {0.0, 0.95105651629515357212, 0.58778525229247312917};
};

template <>
struct Roots<7> {
  static constexpr double kCos[] = {1.0, 0.62348980185873353053, -0.22252093395631440429, -0.90096886790241912624};
  static constexpr double kSin[] = {0.0, 0.78183148246802980871, 0.97492791218182360702, 0.43388373911755812048};
};

template <>
struct Roots<11> {
  static constexpr double kCos[] = {
      1.0, 0.84125353283118116886, 0.41541501300188642553, -0.14231483827328514044, -0.65486073394528506406, -0.95949297361449738989};
  static constexpr double kSin[] = {
      0.0, 0.54064081745559758211, 0.90963199535451837141, 0.98982144188093273238, 0.75574957435425828377, 0.28173255684142969771};
};

template <>
struct Roots<13> {
  static constexpr double kCos[] = {1.0,
                                    0.88545602565320989590,
                                    0.56806474673115580251,
                                    0.12053668025532305335,
                                    -0.35460488704253562597,
                                    -0.74851074817110109863,
                                    -0.97094181742605202716};
  static constexpr double kSin[] = {0.0,
                                    0.46472317204376854566,
                                    0.82298386589365639458,
                                    0.99270887409805399280,
                                    0.93501624268541482344,
                                    0.66312265824079520238,
                                    0.23931566428755776715};
};

template <int R>
constexpr double cosine(int k) {
  return Roots<R>::kCos[k % R <= R / 2 ? k % R : R - k % R];
}

template <int R>
constexpr double sine(int k) {
  return k % R <= R / 2 ? Roots<R>::kSin[k % R] : -Roots<R>::kSin[R - k % R];
}

template <int Sign, class V>
LONGWING_HD void butterfly2(Complex<V>& a, Complex<V>& b) {
  const Complex<V> t = a - b;
  a = a + b;
  b = t;
}

template <int Sign, class V>
LONGWING_HD void butterfly4(Complex<V>& a, Complex<V>& b, Complex<V>& c, Complex<V>& d) {
  const Complex<V> s = a + c, t = a - c, u = b + d, v = multiply_i<Sign>(b - d);
  a = s + u;
  b = t + v;
  c = s - u;
  d = t - v;
}

/// exp(2πi·K/16) = kRotationScale<K>·(a number with one part ±1): the scale waits for the next addition, where it is a fused one.
template <int K>
constexpr double kRotationScale = K % 4 == 0   ? 1.0
                                  : K % 4 == 2 ? 0.70710678118654752440
                                               : 0.92387953251128675613;

/// a·exp(Sign·2πi·K/16) / kRotationScale<K>
template <int Sign, int K, class V>
LONGWING_HD Complex<V> rotate16(Complex<V> a) {
  constexpr double kTangent = 0.41421356237309504880 * Sign;
  const Complex<V> turned = multiply_i<Sign>(a);
  if constexpr (K == 0) return a;
  if constexpr (K == 2) return a + turned;
  if constexpr (K == 4) return turned;
  if constexpr (K == 6) return turned - a;
  if constexpr (K == 1) return {fma(V(-kTangent), a.im, a.re), fma(V(kTangent), a.re, a.im)};
  if constexpr (K == 3) return {fma(V(kTangent * Sign), a.re, turned.re), fma(V(kTangent * Sign), a.im, turned.im)};
  if constexpr (K == 9) return {fma(V(kTangent), a.im, -a.re), fma(V(-kTangent), a.re, -a.im)};
}

/// a + factor·b
template <class V>
LONGWING_HD Complex<V> add_scaled(Complex<V> a, double factor, Complex<V> b) {
  return {fma(V(factor), b.re, a.re), fma(V(factor), b.im, a.im)};
}

/// butterfly4 of a, b·exp(Sign·2πi·K/16), c·exp(Sign·2πi·2K/16), d·exp(Sign·2πi·3K/16)
template <int Sign, int K, class V>
LONGWING_HD void rotated_butterfly4(Complex<V>& a, Complex<V>& b, Complex<V>& c, Complex<V>& d) {
  constexpr double kOdd = kRotationScale<K>, kEven = kRotationScale<2 * K>;
  static_assert(kRotationScale<3 * K> == kOdd);
  const Complex<V> p = rotate16<Sign, K>(b), q = rotate16<Sign, 2 * K>(c), r = rotate16<Sign, 3 * K>(d);
  const Complex<V> s = kEven == 1.0 ? a + q : add_scaled(a, kEven, q), t = kEven == 1.0 ? a - q : add_scaled(a, -kEven, q);
  const Complex<V> u = p + r, v = multiply_i<Sign>(p - r);
  a = add_scaled(s, kOdd, u);
  b = add_scaled(t, kOdd, v);
  c = add_scaled(s, -kOdd, u);
  d = add_scaled(t, -kOdd, v);
}

template <int R, int Sign, class V>
LONGWING_HD void odd_butterfly(Complex<V>* x) {
  constexpr int kHalf = (R - 1) / 2;
  Complex<V> sum[kHalf], difference[kHalf];
  Complex<V> total = x[0];
  LONGWING_UNROLL
  for (int k = 0; k < kHalf; ++k) {
    sum[k] = x[k + 1] + x[R - 1 - k];
    difference[k] = multiply_i<Sign>(x[k + 1] - x[R - 1 - k]);
    total = total + sum[k];
  }
  LONGWING_UNROLL
  for (int j = 1; j <= kHalf; ++j) {
    Complex<V> even = x[0], odd = {};
    LONGWING_UNROLL
    for (int k = 0; k < kHalf; ++k) {
      const V c(cosine<R>(j * (k + 1))), s(sine<R>(j * (k + 1)));
      even = {fma(c, sum[k].re, even.re), fma(c, sum[k].im, even.im)};
      odd = k == 0 ? Complex<V>{s * difference[k].re, s * difference[k].im}
                   : Complex<V>{fma(s, difference[k].re, odd.re), fma(s, difference[k].im, odd.im)};
    }
    x[j] = even + odd;
    x[R - j] = even - odd;
  }
  x[0] = total;
}

template <int Sign, class V>
LONGWING_HD void butterfly8(Complex<V>* x) {
  LONGWING_UNROLL
  for (int k = 0; k < 4; ++k) butterfly2<Sign>(x[k], x[k + 4]);
  butterfly4<Sign>(x[0], x[1], x[2], x[3]);
  rotated_butterfly4<Sign, 2>(x[4], x[5], x[6], x[7]);
  const Complex<V> y[8] = {x[0], x[4], x[1], x[5], x[2], x[6], x[3], x[7]};
  LONGWING_UNROLL
  for (int k = 0; k < 8; ++k) x[k] = y[k];
}

template <int Sign, class V>
LONGWING_HD void butterfly16(Complex<V>* x) {
  LONGWING_UNROLL
  for (int k = 0; k < 4; ++k) butterfly4<Sign>(x[k], x[k + 4], x[k + 8], x[k + 12]);
  butterfly4<Sign>(x[0], x[1], x[2], x[3]);
  rotated_butterfly4<Sign, 1>(x[4], x[5], x[6], x[7]);
  rotated_butterfly4<Sign, 2>(x[8], x[9], x[10], x[11]);
  rotated_butterfly4<Sign, 3>(x[12], x[13], x[14], x[15]);
  LONGWING_UNROLL
  for (int row = 0; row < 4; ++row) {
    LONGWING_UNROLL
    for (int column = row + 1; column < 4; ++column) {
      const Complex<V> t = x[4 * row + column];
      x[4 * row + column] = x[4 * column + row];
      x[4 * column + row] = t;
    }
  }
}

/// The R-point butterfly over x[0..R), natural order in and out.
template <int R, int Sign, class V>
LONGWING_HD void butterfly(Complex<V>* x) {
  if constexpr (R == 2) butterfly2<Sign>(x[0], x[1]);
  if constexpr (R == 4) butterfly4<Sign>(x[0], x[1], x[2], x[3]);
  if constexpr (R == 8) butterfly8<Sign>(x);
  if constexpr (R == 16) butterfly16<Sign>(x);
  if constexpr (R % 2 == 1 && R > 1) odd_butterfly<R, Sign>(x);
}

}  // namespace longwing
