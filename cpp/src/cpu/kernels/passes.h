// The inner passes: split nodes (descend), the fused centre, join nodes (ascend).
//
// A node of M = R·m lines is a polynomial modulo x^M - c, one c per lane. Descend: x_q ·= c^(q/R), then the R-point butterfly across
// q; child j is modulo x^m - c_j, c_j^R = c. Ascend undoes it up to the factor R, which the filter's spectrum carries.
#pragma once

#include "core/butterfly.h"
#include "cpu/kernel_table.h"
#include "cpu/kernels/simd.h"

namespace longwing::cpu {
namespace {

template <int R, class T>
struct NodeTwiddles {
  Complex<Vec<T>> w[R > 1 ? R - 1 : 1];

  LONGWING_HD explicit NodeTwiddles(const T* table) {
#pragma GCC unroll 16
    for (int q = 0; q + 1 < R; ++q) w[q] = load_line(table + q * kLine<T>);
  }
};

template <int R, class T>
LONGWING_HD void split(Complex<Vec<T>>* x, const NodeTwiddles<R, T>& twiddles) {
#pragma GCC unroll 16
  for (int q = 1; q < R; ++q) x[q] = x[q] * twiddles.w[q - 1];
  butterfly<R, 1>(x);
}

template <int R, class T>
LONGWING_HD void join(Complex<Vec<T>>* x, const NodeTwiddles<R, T>& twiddles) {
  butterfly<R, -1>(x);
#pragma GCC unroll 16
  for (int q = 1; q < R; ++q) x[q] = multiply_conj(x[q], twiddles.w[q - 1]);
}

template <int R, bool kDescend, class T>
void pass(const PassArgs<T>& args) {
  const std::int64_t stride = args.m * kLine<T>;
  for (std::int64_t node = 0; node < args.nodes; ++node) {
    const NodeTwiddles<R, T> twiddles(args.twiddles + node * (R - 1) * kLine<T>);
    T* const base = args.lines + node * R * stride;
    for (T* line = base + args.begin * kLine<T>; line < base + args.end * kLine<T>; line += kLine<T>) {
      Complex<Vec<T>> x[R];
#pragma GCC unroll 16
      for (int q = 0; q < R; ++q) x[q] = load_line(line + q * stride);
      if constexpr (kDescend) split<R>(x, twiddles);
      if constexpr (!kDescend) join<R>(x, twiddles);
#pragma GCC unroll 16
      for (int q = 0; q < R; ++q) store_line(line + q * stride, x[q]);
    }
  }
}

template <int R, class T>
LONGWING_HD void load_node(Complex<Vec<T>>* x, const T* lines) {
#pragma GCC unroll 16
  for (int q = 0; q < R; ++q) x[q] = load_line(lines + q * kLine<T>);
}

template <int R, class T>
LONGWING_HD void store_node(T* lines, const Complex<Vec<T>>* x) {
#pragma GCC unroll 16
  for (int q = 0; q < R; ++q) store_line(lines + q * kLine<T>, x[q]);
}

template <bool kWide, class T>
LONGWING_HD Complex<Vec<T>> multiply(const Complex<Vec<T>>& z, const Complex<Vec<T>>& filter) {
  if constexpr (kWide) return multiply_wide(z, filter);
  else return z * filter;
}

// One point: z and w as they came down; what goes up is left in them.
template <CenterOp kOp, bool kWide, class T>
LONGWING_HD void operate(const CenterArgs<T>& args, std::int64_t at, Complex<Vec<T>>& z, Complex<Vec<T>>& w) {
  constexpr bool kConjugates = kOp == CenterOp::kMultiplyConj || kOp == CenterOp::kCorrelateMultiplyConj || kOp == CenterOp::kGradients;
  const Vec<T> skip(args.skip), scale(args.scale);
  if constexpr (kOp == CenterOp::kInverse) z = {z.re * scale, z.im * scale};
  if constexpr (kOp == CenterOp::kStore) store_line(args.store + at, {z.re * scale, z.im * scale});
  if constexpr (kOp == CenterOp::kConvolve) z = multiply<kWide>(z, Complex<Vec<T>>{w.re * scale + skip, w.im * scale});
  if constexpr (kOp == CenterOp::kCorrelate || kOp == CenterOp::kCorrelateMultiplyConj) {
    store_line(args.sum + at, multiply_conj_add(z, w, load_line(args.sum + at)));
  }
  if constexpr (kOp == CenterOp::kGradients) {
    const Complex<Vec<T>> product = multiply_conj_add(z, w, {Vec<T>(0.0), Vec<T>(0.0)});
    w = {product.re * scale, product.im * scale};
  }
  if constexpr (kOp == CenterOp::kMultiply || kOp == CenterOp::kProduct || kConjugates) {
    Complex<Vec<T>> filter = load_line(args.filter + at);
    filter.re = filter.re + skip;
    z = kConjugates ? multiply_conj(z, filter) : multiply<kWide>(z, filter);
  }
}

template <CenterOp kOp, int R, bool kWide, class T>
void center_nodes(const CenterArgs<T>& shared) {
  const CenterArgs<T> args = shared;  // a copy that no store can reach: its fields stay in registers
  for (std::int64_t node = 0; node < args.nodes; ++node) {
    const NodeTwiddles<R, T> twiddles(args.twiddles + node * (R - 1) * kLine<T>);
    const std::int64_t at = node * R * kLine<T>;
    Complex<Vec<T>> z[R], w[R];
    if constexpr (other_descends(kOp)) {
      load_node<R>(w, args.other + at);
      split<R>(w, twiddles);
    }
    load_node<R>(z, (kOp == CenterOp::kProduct ? args.other : args.lines) + at);
    if constexpr (descends(kOp)) split<R>(z, twiddles);
#pragma GCC unroll 16
    for (int q = 0; q < R; ++q) operate<kOp, kWide>(args, at + q * kLine<T>, z[q], w[q]);
    if constexpr (ascends(kOp)) {
      join<R>(z, twiddles);
      store_node<R>(args.lines + at, z);
    }
    if constexpr (other_ascends(kOp)) {
      join<R>(w, twiddles);
      store_node<R>(args.other + at, w);
    }
  }
}

template <CenterOp kOp, int R, class T>
void center(const CenterArgs<T>& args) {
  if constexpr (!kFused && sizeof(T) == 4) {
    if (args.long_row) return center_nodes<kOp, R, true>(args);
  }
  center_nodes<kOp, R, false>(args);
}

// The sum of near and what is small beside it is rounded once: as accurate as a rounded table.
template <class T>
void turn(const TurnArgs<T>& args) {
  for (int q = 0; q < args.parts; ++q) {
    const Complex<Vec<T>> turn{Vec<T>::broadcast(args.turns + 2 * q), Vec<T>::broadcast(args.turns + 2 * q + 1)};
    for (std::int64_t at = q * kLine<T>; at < args.nodes * args.parts * kLine<T>; at += args.parts * kLine<T>) {
      const Complex<Vec<T>> near = load_line(args.near + at), rest = load_line(args.rest + at);
      const Vec<T> re = fma(near.re, turn.re, fma(-near.im, turn.im, rest.re)), im = fma(near.re, turn.im, fma(near.im, turn.re, rest.im));
      store_line(args.dst + at, {near.re + re, near.im + im});
    }
  }
}

template <bool kDescend, class T>
typename KernelTable<T>::Pass find_pass(int radix) {
  switch (radix) {
    case 2: return pass<2, kDescend, T>;
    case 3: return pass<3, kDescend, T>;
    case 4: return pass<4, kDescend, T>;
    case 5: return pass<5, kDescend, T>;
    case 7: return pass<7, kDescend, T>;
    case 8: return pass<8, kDescend, T>;
    case 11: return pass<11, kDescend, T>;
    case 13: return pass<13, kDescend, T>;
    case 16: return pass<16, kDescend, T>;
    default: return nullptr;
  }
}

template <CenterOp kOp, class T>
typename KernelTable<T>::Center find_center_of(int radix) {
  switch (radix) {
    case 1: return center<kOp, 1, T>;
    case 2: return center<kOp, 2, T>;
    case 3: return center<kOp, 3, T>;
    case 4: return center<kOp, 4, T>;
    case 5: return center<kOp, 5, T>;
    case 8: return center<kOp, 8, T>;
    default: return nullptr;
  }
}

template <class T>
typename KernelTable<T>::Center find_center(CenterOp op, int radix) {
  switch (op) {
    case CenterOp::kStore: return find_center_of<CenterOp::kStore, T>(radix);
    case CenterOp::kMultiply: return find_center_of<CenterOp::kMultiply, T>(radix);
    case CenterOp::kMultiplyConj: return find_center_of<CenterOp::kMultiplyConj, T>(radix);
    case CenterOp::kInverse: return find_center_of<CenterOp::kInverse, T>(radix);
    case CenterOp::kProduct: return find_center_of<CenterOp::kProduct, T>(radix);
    case CenterOp::kConvolve: return find_center_of<CenterOp::kConvolve, T>(radix);
    case CenterOp::kCorrelate: return find_center_of<CenterOp::kCorrelate, T>(radix);
    case CenterOp::kCorrelateMultiplyConj: return find_center_of<CenterOp::kCorrelateMultiplyConj, T>(radix);
    case CenterOp::kGradients: return find_center_of<CenterOp::kGradients, T>(radix);
  }
  return nullptr;
}

}  // namespace
}  // namespace longwing::cpu
