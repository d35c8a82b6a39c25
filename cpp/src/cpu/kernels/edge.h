// The first and the last pass: between rows of real samples in memory and lines of kLanes nodes.
//
// Formula: the root, modulo x^n - i, is split into kLanes = A·B nodes by a radix-A and a radix-B level; row q is the coefficients
// q·m .. q·m+m-1, and lane l of a line is node l at one position.
// A vector is A chunks of B elements (128 bits), and a block is kLanes positions of every row. Half a block's transposition moves whole
// chunks between the radix-A butterflies and the radix-B ones, and half is done inside the chunks behind them, so that A resp. B
// vectors are in registers at a time:
//   rows b, B+b, 2B+b … --radix A--> a·B+b --exchange chunks over a--> (c, b), chunk a, position c·B.. --radix B over b-->
//   (c, q), node a·B+q in chunk a --transpose each chunk over q--> line c·B+j, lane a·B+q.
// Twiddles: B-1 lines for the second level, where they differ by chunk, A-1 lines for the first level of real rows, and behind them
// A-1 complex scalars for that of complex rows.
// Real rows enter without an exchange: chunk a of (c, b) is the sum over q of row q·B+b, position c·B.., times a root that depends on
// a and q alone, so that positions are loaded into every chunk at once, and a line of roots multiplies them.
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
    const T* const scalars = chunk_lines + (kLaneRadixA<T> + kLaneRadixB<T> - 2) * kLine<T> + 2 * (q - 1);
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

// Complex rows b, B+b, 2B+b …, after the first level.
template <bool kWhole, class T>
LONGWING_HD void enter_rows(const EdgeArgs<T>& args, std::int64_t p, int positions, int b, Complex<Vec<T>>* x) {
  constexpr int A = kLaneRadixA<T>, B = kLaneRadixB<T>;
  const LaneRoots<T> roots{args.roots};
#pragma GCC unroll 4
  for (int a = 0; a < A; ++a) {
    x[a] = {load_row<kWhole>(args.re[a * B + b], p, positions), load_row<kWhole>(args.im[a * B + b], p, positions)};
    if (a > 0) x[a] = x[a] * roots.first(a);
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

// The second level, to `positions` lines.
template <bool kWhole, class Roots, class T>
LONGWING_HD void enter_lines(const Roots& roots, T* line, int positions, Complex<Vec<T>>* x) {
  constexpr int B = kLaneRadixB<T>;
#pragma GCC unroll 4
  for (int q = 1; q < B; ++q) x[q] = x[q] * roots.second(q);
  butterfly<B, 1>(x);
  transpose_parts<B>(x, [](Vec<T>* part) { transpose_in_chunks(part); });
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
template <bool kWhole, class T>
LONGWING_HD void enter_block(const EdgeArgs<T>& args, std::int64_t p, int positions) {
  constexpr int A = kLaneRadixA<T>, B = kLaneRadixB<T>;
  if constexpr (A == 1) {  // no chunk to exchange
    Complex<Vec<T>> x[B];
#pragma GCC unroll 4
    for (int b = 0; b < B; ++b) enter_rows<kWhole>(args, p, positions, b, x + b);
    return enter_lines<kWhole>(LaneRoots<T>{args.roots}, args.lines + p * kLine<T>, positions, x);
  }
  Block<T> block;
#pragma GCC unroll 1
  for (int b = 0; b < B; ++b) {
    Complex<Vec<T>> x[A];
    enter_rows<kWhole>(args, p, positions, b, x);
    transpose_parts<A>(x, [](Vec<T>* part) { transpose_chunks(part); });
#pragma GCC unroll 4
    for (int c = 0; c < A; ++c) store_line(block.lines + (c * B + b) * kLine<T>, x[c]);
  }
#pragma GCC unroll 1
  for (int c = 0; c < A; ++c) {
    Complex<Vec<T>> x[B];
#pragma GCC unroll 4
    for (int q = 0; q < B; ++q) x[q] = load_line(block.lines + (c * B + q) * kLine<T>);
    enter_lines<kWhole>(LaneRoots<T>{args.roots}, args.lines + (p + c * B) * kLine<T>, positions - c * B, x);
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

// Both levels' twiddles of real rows, in registers.
template <class T>
struct RealRoots {
  Complex<Vec<T>> line[kLaneRadixA<T> + kLaneRadixB<T> - 2];

  LONGWING_HD explicit RealRoots(const T* table) {
#pragma GCC unroll 6
    for (int i = 0; i < kLaneRadixA<T> + kLaneRadixB<T> - 2; ++i) line[i] = load_line(table + i * kLine<T>);
  }
  LONGWING_HD Complex<Vec<T>> first(int q) const { return line[kLaneRadixB<T> + q - 2]; }
  LONGWING_HD Complex<Vec<T>> second(int q) const { return line[q - 1]; }
};

// Positions p.. of a row, in every chunk.
template <bool kDense, bool kWhole, class T>
LONGWING_HD Vec<T> load_chunk(const T* row, std::int64_t p, int positions) {
  if (!kDense && !row) return Vec<T>(0.0);
  if constexpr (kWhole) return broadcast_chunk(row + p);
  T values[kChunk<T>] = {};
  for (int i = 0; i < positions; ++i) values[i] = row[p + i];
  return broadcast_chunk(values);
}

// Lines p.. p+B-1 of real rows.
template <bool kDense, bool kWhole, class T>
LONGWING_HD void enter_real_chunk(const T* const* rows, const RealRoots<T>& roots, T* lines, std::int64_t p, int positions) {
  constexpr int A = kLaneRadixA<T>, B = kLaneRadixB<T>;
  Complex<Vec<T>> x[B];
#pragma GCC unroll 4
  for (int a = 0; a < A; ++a) {  // the sums of the B rows side by side: none waits for itself
#pragma GCC unroll 4
    for (int b = 0; b < B; ++b) {
      const Vec<T> value = load_chunk<kDense, kWhole>(rows[a * B + b], p, positions);
      if (a == 0) x[b] = {value, Vec<T>(0.0)};
      else x[b] = {fma(value, roots.first(a).re, x[b].re), a == 1 ? value * roots.first(a).im : fma(value, roots.first(a).im, x[b].im)};
    }
  }
  enter_lines<kWhole>(roots, lines + p * kLine<T>, positions, x);
}

// kDense: no row is null.
template <bool kDense, class T>
void enter_real(const EdgeArgs<T>& args) {
  constexpr int A = kLaneRadixA<T>, B = kLaneRadixB<T>;
  const RealRoots<T> roots(args.roots);
  const T* rows[A * B];  // copies that no store can reach
  for (int q = 0; q < A * B; ++q) rows[q] = args.re[q];
  T* const lines = args.lines;
  const std::int64_t count = args.count;
  std::int64_t p = 0;
  for (; p + B <= count; p += B) enter_real_chunk<kDense, true>(rows, roots, lines, p, B);
  if (p < count) enter_real_chunk<kDense, false>(rows, roots, lines, p, static_cast<int>(count - p));
}

// Complex rows enter; rows of either kind leave.
template <bool kEnter, bool kHasIm, class T>
void edge_pass(const EdgeArgs<T>& args) {
  constexpr int kLanes = Vec<T>::kLanes;
  std::int64_t p = 0;
  for (; p + kLanes <= args.count; p += kLanes) {
    if constexpr (kEnter) enter_block<true>(args, p, kLanes);
    else leave_block<kHasIm, true>(args, p, kLanes);
  }
  if (p == args.count) return;
  if constexpr (kEnter) enter_block<false>(args, p, static_cast<int>(args.count - p));
  else leave_block<kHasIm, false>(args, p, static_cast<int>(args.count - p));
}

template <class T>
void enter(const EdgeArgs<T>& args) {
  if (args.has_im) return edge_pass<true, true>(args);
  bool dense = true;
  for (int q = 0; q < Vec<T>::kLanes; ++q) dense = dense && args.re[q];
  dense ? enter_real<true>(args) : enter_real<false>(args);
}

template <class T>
void leave(const EdgeArgs<T>& args) {
  args.has_im ? edge_pass<false, true>(args) : edge_pass<false, false>(args);
}

}  // namespace
}  // namespace longwing::cpu
