// The first and the last pass: between rows of real samples in memory and lines of kLanes nodes.
//
// Formula: the root, modulo x^n - i, is split into kLanes = A·B nodes by a radix-A and a radix-B level; row q is the coefficients
// q·m .. q·m+m-1. A block of kLanes positions is loaded from every row (a vector each), split, and transposed, so that a line holds
// one position of all nodes. Twiddles of the lane split are scalars: A-1 for the root, then B-1 for each of its A nodes.
// Example with 4 lanes (A = 4, B = 1), m = 8: rows at 0, 8, 16, 24; the block at p = 4 reads u[4..7], u[12..15], u[20..23], u[28..31]
// and writes lines 4, 5, 6, 7.
#pragma once

#include "core/butterfly.h"
#include "cpu/kernel_table.h"
#include "cpu/kernels/simd.h"

namespace longwing::cpu {
namespace {

template <class T>
constexpr int kLaneRadixA = Vec<T>::kLanes >= 4 ? 4 : 2;
template <class T>
constexpr int kLaneRadixB = Vec<T>::kLanes / kLaneRadixA<T>;

template <class T>
LONGWING_HD Complex<Vec<T>> load_root(const T* roots, int index) {
  return {Vec<T>::broadcast(roots + 2 * index), Vec<T>::broadcast(roots + 2 * index + 1)};
}

template <class T>
LONGWING_HD void split_lanes(Complex<Vec<T>>* x, const T* roots) {
  constexpr int A = kLaneRadixA<T>, B = kLaneRadixB<T>;
#pragma GCC unroll 4
  for (int b = 0; b < B; ++b) {
    Complex<Vec<T>> part[A];
#pragma GCC unroll 4
    for (int q = 0; q < A; ++q) part[q] = q == 0 ? x[b] : x[q * B + b] * load_root(roots, q - 1);
    butterfly<A, 1>(part);
#pragma GCC unroll 4
    for (int q = 0; q < A; ++q) x[q * B + b] = part[q];
  }
  if constexpr (B > 1) {
#pragma GCC unroll 4
    for (int a = 0; a < A; ++a) {
#pragma GCC unroll 4
      for (int q = 1; q < B; ++q) x[a * B + q] = x[a * B + q] * load_root(roots, A - 1 + a * (B - 1) + q - 1);
      butterfly<B, 1>(x + a * B);
    }
  }
}

template <class T>
LONGWING_HD void join_lanes(Complex<Vec<T>>* x, const T* roots) {
  constexpr int A = kLaneRadixA<T>, B = kLaneRadixB<T>;
  if constexpr (B > 1) {
#pragma GCC unroll 4
    for (int a = 0; a < A; ++a) {
      butterfly<B, -1>(x + a * B);
#pragma GCC unroll 4
      for (int q = 1; q < B; ++q) x[a * B + q] = multiply_conj(x[a * B + q], load_root(roots, A - 1 + a * (B - 1) + q - 1));
    }
  }
#pragma GCC unroll 4
  for (int b = 0; b < B; ++b) {
    Complex<Vec<T>> part[A];
#pragma GCC unroll 4
    for (int q = 0; q < A; ++q) part[q] = x[q * B + b];
    butterfly<A, -1>(part);
#pragma GCC unroll 4
    for (int q = 0; q < A; ++q) x[q * B + b] = q == 0 ? part[q] : multiply_conj(part[q], load_root(roots, q - 1));
  }
}

// `positions` < kLanes only in the last block of a row that is no multiple of the lanes.
template <bool kHasIm, bool kWhole, class T>
LONGWING_HD void enter_block(const EdgeArgs<T>& args, std::int64_t p, int positions) {
  constexpr int kLanes = Vec<T>::kLanes;
  const auto load = [&](const T* row) {
    if (!row) return Vec<T>(0.0);
    if constexpr (kWhole) return Vec<T>::load(row + p);
    else return load_partial(row + p, positions);
  };
  Complex<Vec<T>> x[kLanes];
#pragma GCC unroll 16
  for (int q = 0; q < kLanes; ++q) x[q] = {load(args.re[q]), kHasIm ? load(args.im[q]) : Vec<T>(0.0)};
  split_lanes(x, args.roots);
  Vec<T> re[kLanes], im[kLanes];
#pragma GCC unroll 16
  for (int q = 0; q < kLanes; ++q) re[q] = x[q].re, im[q] = x[q].im;
  transpose(re);
  transpose(im);
  T* const line = args.lines + p * kLine<T>;
#pragma GCC unroll 16
  for (int i = 0; i < kLanes; ++i) {
    if (kWhole || i < positions) store_line(line + i * kLine<T>, {re[i], im[i]});
  }
}

template <bool kHasIm, bool kWhole, class T>
LONGWING_HD void leave_block(const EdgeArgs<T>& args, std::int64_t p, int positions) {
  constexpr int kLanes = Vec<T>::kLanes;
  const T* const line = args.lines + p * kLine<T>;
  Vec<T> re[kLanes], im[kLanes];
#pragma GCC unroll 16
  for (int i = 0; i < kLanes; ++i) {
    const Complex<Vec<T>> value = kWhole || i < positions ? load_line(line + i * kLine<T>) : Complex<Vec<T>>{Vec<T>(0.0), Vec<T>(0.0)};
    re[i] = value.re, im[i] = value.im;
  }
  transpose(re);
  transpose(im);
  Complex<Vec<T>> x[kLanes];
#pragma GCC unroll 16
  for (int q = 0; q < kLanes; ++q) x[q] = {re[q], im[q]};
  join_lanes(x, args.roots);
  const auto store = [&](T* row, Vec<T> value) {
    if (!row) return;
    if constexpr (kWhole) value.store(row + p);
    else store_partial(row + p, value, positions);
  };
#pragma GCC unroll 16
  for (int q = 0; q < kLanes; ++q) {
    store(args.re[q], x[q].re);
    if constexpr (kHasIm) store(args.im[q], x[q].im);
  }
}

template <bool kEnter, bool kHasIm, class T>
void edge_pass(const EdgeArgs<T>& args) {
  constexpr int kLanes = Vec<T>::kLanes;
  std::int64_t p = 0;
  for (; p + kLanes <= args.count; p += kLanes) {
    if constexpr (kEnter) enter_block<kHasIm, true>(args, p, kLanes);
    else leave_block<kHasIm, true>(args, p, kLanes);
  }
  if (p == args.count) return;
  if constexpr (kEnter) enter_block<kHasIm, false>(args, p, static_cast<int>(args.count - p));
  else leave_block<kHasIm, false>(args, p, static_cast<int>(args.count - p));
}

template <class T>
void enter(const EdgeArgs<T>& args) {
  args.has_im ? edge_pass<true, true>(args) : edge_pass<true, false>(args);
}

template <class T>
void leave(const EdgeArgs<T>& args) {
  args.has_im ? edge_pass<false, true>(args) : edge_pass<false, false>(args);
}

}  // namespace
}  // namespace longwing::cpu
