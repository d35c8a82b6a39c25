// The first and the last pass: between rows of real samples in memory and lines of kLanes nodes.
//
// Formula: the root, modulo x^n - i, is split into kLanes = A·B nodes by a radix-A and a radix-B level; row q is the coefficients
// q·m .. q·m+m-1, and lane l of a line is node l at one position.
// A vector is A chunks of B elements (128 bits), and a block is kLanes positions of every row. Half a block's transposition moves whole
// chunks between the radix-A butterflies and the radix-B ones, and half is done inside the chunks behind them, so that A resp. B
// vectors are in registers at a time:
//   rows b, B+b, 2B+b … --radix A--> a·B+b --exchange chunks over a--> (c, b), chunk a, position c·B.. --radix B over b-->
//   (c, q), node a·B+q in chunk a --transpose each chunk over q--> line c·B+j, lane a·B+q.
// Twiddles: B-1 lines for the second level, where they differ by chunk, and behind them A-1 complex scalars for the first.
// Example with 4 lanes (A = 1, B = 4), m = 8: rows at 0, 8, 16, 24; the block at p = 4 reads u[4..7], u[12..15], u[20..23], u[28..31]
// and writes lines 4, 5, 6, 7.
#pragma once

#include "core/butterfly.h"
#include "cpu/kernel_table.h"
#include "cpu/kernels/simd.h"

namespace longwing::cpu {
namespace {

template <class T>
constexpr int kLaneRadixA = kChunks<T>;
template <class T>
constexpr int kLaneRadixB = kChunk<T>;

template <class T>
struct LaneRoots {
  const T* chunk_lines;

  LONGWING_HD Complex<Vec<T>> first(int q) const {
    const T* const scalars = chunk_lines + (kLaneRadixB<T> - 1) * kLine<T> + 2 * (q - 1);
    return {Vec<T>::broadcast(scalars), Vec<T>::broadcast(scalars + 1)};
  }
  LONGWING_HD Complex<Vec<T>> second(int q) const { return load_line(chunk_lines + (q - 1) * kLine<T>); }
};

// A block between its two halves: the real and imaginary parts of (c, b) stand at line c·B+b.
template <class T>
struct alignas(64) Block {
  T lines[Vec<T>::kLanes * kLine<T>];
};

// The real parts, then the imaginary parts of kCount numbers, each through `transpose`.
template <int kCount, class T, class Transpose>
LONGWING_HD void transpose_parts(Complex<Vec<T>>* x, Transpose transpose) {
  Vec<T> re[kCount], im[kCount];
#pragma GCC unroll 4
  for (int i = 0; i < kCount; ++i) re[i] = x[i].re, im[i] = x[i].im;
  transpose(re);
  transpose(im);
#pragma GCC unroll 4
  for (int i = 0; i < kCount; ++i) x[i] = {re[i], im[i]};
}

// `positions` < kLanes only in the last block of a row that is no multiple of the lanes; a null row reads as zeros.
template <bool kWhole, class T>
LONGWING_HD Vec<T> load_row(const T* row, std::int64_t p, int positions) {
  if (!row) return Vec<T>(0.0);
  if constexpr (kWhole) return Vec<T>::load(row + p);
  else return load_partial(row + p, positions);
}

template <bool kWhole, class T>
LONGWING_HD void store_row(T* row, std::int64_t p, Vec<T> value, int positions) {
  if (!row) return;
  if constexpr (kWhole) value.store(row + p);
  else store_partial(row + p, value, positions);
}

// Rows b, B+b, 2B+b …, after the first level.
template <bool kHasIm, bool kWhole, class T>
LONGWING_HD void enter_rows(const EdgeArgs<T>& args, std::int64_t p, int positions, int b, Complex<Vec<T>>* x) {
  constexpr int A = kLaneRadixA<T>, B = kLaneRadixB<T>;
  const LaneRoots<T> roots{args.roots};
#pragma GCC unroll 4
  for (int a = 0; a < A; ++a) {
    const Vec<T> re = load_row<kWhole>(args.re[a * B + b], p, positions);
    if constexpr (kHasIm) {
      x[a] = {re, load_row<kWhole>(args.im[a * B + b], p, positions)};
      if (a > 0) x[a] = x[a] * roots.first(a);
    } else {
      x[a] = {re, Vec<T>(0.0)};
      if (a > 0) x[a] = {re * roots.first(a).re, re * roots.first(a).im};
    }
  }
  butterfly<A, 1>(x);
}

template <bool kHasIm, bool kWhole, class T>
LONGWING_HD void leave_rows(const EdgeArgs<T>& args, std::int64_t p, int positions, int b, Complex<Vec<T>>* x) {
  constexpr int A = kLaneRadixA<T>, B = kLaneRadixB<T>;
  const LaneRoots<T> roots{args.roots};
  butterfly<A, -1>(x);
#pragma GCC unroll 4
  for (int a = 0; a < A; ++a) {
    const Complex<Vec<T>> value = a == 0 ? x[a] : multiply_conj(x[a], roots.first(a));
    store_row<kWhole>(args.re[a * B + b], p, value.re, positions);
    if constexpr (kHasIm) store_row<kWhole>(args.im[a * B + b], p, value.im, positions);
  }
}

// The second level, to lines.
template <bool kWhole, class T>
LONGWING_HD void enter_lines(const EdgeArgs<T>& args, std::int64_t p, int positions, Complex<Vec<T>>* x) {
  constexpr int B = kLaneRadixB<T>;
  const LaneRoots<T> roots{args.roots};
#pragma GCC unroll 4
  for (int q = 1; q < B; ++q) x[q] = x[q] * roots.second(q);
  butterfly<B, 1>(x);
  transpose_parts<B>(x, [](Vec<T>* part) { transpose_in_chunks(part); });
  T* const line = args.lines + p * kLine<T>;
#pragma GCC unroll 4
  for (int j = 0; j < B; ++j) {
    if (kWhole || j < positions) store_line(line + j * kLine<T>, x[j]);
  }
}

template <bool kWhole, class T>
LONGWING_HD void leave_lines(const EdgeArgs<T>& args, std::int64_t p, int positions, Complex<Vec<T>>* x) {
  constexpr int B = kLaneRadixB<T>;
  const LaneRoots<T> roots{args.roots};
  const T* const line = args.lines + p * kLine<T>;
#pragma GCC unroll 4
  for (int j = 0; j < B; ++j) {
    x[j] = kWhole || j < positions ? load_line(line + j * kLine<T>) : Complex<Vec<T>>{Vec<T>(0.0), Vec<T>(0.0)};
  }
  transpose_parts<B>(x, [](Vec<T>* part) { transpose_in_chunks(part); });
  butterfly<B, -1>(x);
#pragma GCC unroll 4
  for (int q = 1; q < B; ++q) x[q] = multiply_conj(x[q], roots.second(q));
}

// The loops stay loops: unrolled, a block would want more registers than there are.
template <bool kHasIm, bool kWhole, class T>
LONGWING_HD void enter_block(const EdgeArgs<T>& args, std::int64_t p, int positions) {
  constexpr int A = kLaneRadixA<T>, B = kLaneRadixB<T>;
  if constexpr (A == 1) {  // no chunk to exchange
    Complex<Vec<T>> x[B];
#pragma GCC unroll 4
    for (int b = 0; b < B; ++b) enter_rows<kHasIm, kWhole>(args, p, positions, b, x + b);
    return enter_lines<kWhole>(args, p, positions, x);
  }
  Block<T> block;
#pragma GCC unroll 1
  for (int b = 0; b < B; ++b) {
    Complex<Vec<T>> x[A];
    enter_rows<kHasIm, kWhole>(args, p, positions, b, x);
    transpose_parts<A>(x, [](Vec<T>* part) { transpose_chunks(part); });
#pragma GCC unroll 4
    for (int c = 0; c < A; ++c) store_line(block.lines + (c * B + b) * kLine<T>, x[c]);
  }
#pragma GCC unroll 1
  for (int c = 0; c < A; ++c) {
    Complex<Vec<T>> x[B];
#pragma GCC unroll 4
    for (int q = 0; q < B; ++q) x[q] = load_line(block.lines + (c * B + q) * kLine<T>);
    enter_lines<kWhole>(args, p + c * B, positions - c * B, x);
  }
}

template <bool kHasIm, bool kWhole, class T>
LONGWING_HD void leave_block(const EdgeArgs<T>& args, std::int64_t p, int positions) {
  constexpr int A = kLaneRadixA<T>, B = kLaneRadixB<T>;
  if constexpr (A == 1) {
    Complex<Vec<T>> x[B];
    leave_lines<kWhole>(args, p, positions, x);
#pragma GCC unroll 4
    for (int b = 0; b < B; ++b) leave_rows<kHasIm, kWhole>(args, p, positions, b, x + b);
    return;
  }
  Block<T> block;
#pragma GCC unroll 1
  for (int c = 0; c < A; ++c) {
    Complex<Vec<T>> x[B];
    leave_lines<kWhole>(args, p + c * B, positions - c * B, x);
#pragma GCC unroll 4
    for (int q = 0; q < B; ++q) store_line(block.lines + (c * B + q) * kLine<T>, x[q]);
  }
#pragma GCC unroll 1
  for (int b = 0; b < B; ++b) {
    Complex<Vec<T>> x[A];
#pragma GCC unroll 4
    for (int c = 0; c < A; ++c) x[c] = load_line(block.lines + (c * B + b) * kLine<T>);
    transpose_parts<A>(x, [](Vec<T>* part) { transpose_chunks(part); });
    leave_rows<kHasIm, kWhole>(args, p, positions, b, x);
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
