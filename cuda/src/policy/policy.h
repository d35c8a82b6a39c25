// Which shape of kernel carries out a row of 2^log2n complex points: one table.
#pragma once

#include <cstdint>

namespace longwing::cuda {

/// What a kernel computes in; arrays of float16 and bfloat16 in float32.
enum class Arithmetic : std::uint8_t { kFloat32, kFloat64 };

/// A block transforms `rows` rows of n = threads·elements points, or a cluster of `blocks` blocks one row; a thread holds `elements` of
/// them, pass p is radices[p] points wide.
struct RowPolicy {
  int log2n = 0;
  int elements = 0;
  int passes = 0;
  int radices[5] = {};
  int rows = 1;        ///< rows of a block
  int min_blocks = 1;  ///< blocks a multiprocessor holds at least: bounds the registers
  bool stash = false;  ///< FFT(x) waits in global memory, not in registers, while FFT(dy) is made
  int blocks = 1;      ///< more than 1: each holds as many whole nodes of the first pass

  constexpr int n() const { return 1 << log2n; }
  constexpr int row_threads() const { return n() / elements; }
  constexpr int threads() const { return row_threads() / blocks * rows; }  ///< of a block
  constexpr int block_points() const { return n() / blocks; }              ///< of a row
  /// Product of the radices before pass p: nodes it works in.
  constexpr int nodes(int pass) const {
    int product = 1;
    for (int p = 0; p < pass; ++p) product *= radices[p];
    return product;
  }
  /// Distance of the points of a butterfly of pass p.
  constexpr int stride(int pass) const { return n() / nodes(pass + 1); }
  /// Points between two numbers of padding in the exchange buffer: those that one round of the banks serves.
  static constexpr int pad_every(int number_bytes) { return 64 / number_bytes; }
  constexpr int shared_bytes(int number_bytes) const {
    return rows * (block_points() + block_points() / pad_every(number_bytes)) * 2 * number_bytes;
  }
};

constexpr int kLeastLog2n = 6;

// float32: 16 points a thread up to 4096, 32 above: 32 points of 8 bytes are 64 registers, and 16384/16 threads would have 64 in all.
// Fewer passes are fewer exchanges, so radix 16 first; the last pass takes what is left. 128 threads a block at least, so that a
// multiprocessor with 32 blocks at most is filled.
constexpr RowPolicy kFloat32Rows[] = {
    {6, 16, 2, {16, 4}, 32, 4, false},        {7, 16, 2, {16, 8}, 16, 4, false},           {8, 16, 2, {16, 16}, 8, 4, false},
    {9, 16, 3, {16, 16, 2}, 4, 4, false},     {10, 16, 3, {16, 16, 4}, 2, 4, false},       {11, 16, 3, {16, 16, 8}, 1, 4, false},
    {12, 16, 3, {16, 16, 16}, 1, 2, false},   {13, 32, 3, {32, 16, 16}, 1, 1, true},       {14, 32, 3, {32, 32, 16}, 1, 1, true},
    {15, 32, 3, {32, 32, 32}, 1, 1, true, 2}, {16, 32, 4, {32, 32, 16, 4}, 1, 1, true, 4},
};

// float64: 8 points of 16 bytes are 32 registers; 4096 points are 64 KiB of shared memory, which every architecture has.
constexpr RowPolicy kFloat64Rows[] = {
    {6, 8, 2, {8, 8}, 16, 2, false},      {7, 8, 3, {8, 8, 2}, 8, 2, false},     {8, 8, 3, {8, 8, 4}, 4, 2, false},
    {9, 8, 3, {8, 8, 8}, 2, 2, false},    {10, 8, 4, {8, 8, 8, 2}, 1, 2, false}, {11, 8, 4, {8, 8, 8, 4}, 1, 1, false},
    {12, 8, 4, {8, 8, 8, 8}, 1, 1, true},
};

/// The row of a compute type's table.
template <class T>
constexpr RowPolicy row_policy(int log2n) {
  return sizeof(T) == sizeof(double) ? kFloat64Rows[log2n - kLeastLog2n] : kFloat32Rows[log2n - kLeastLog2n];
}

/// Largest row of one pass: its exchange buffer must fit the shared memory that a block, or a cluster of them, may have on architecture
/// `sm` (80, 86, 89, 90…).
constexpr int max_log2n(int sm, Arithmetic arithmetic) {
  const bool large = sm == 80 || sm == 87 || (sm >= 90 && sm < 120);  // 163 KiB and more; the others have 99
  if (arithmetic == Arithmetic::kFloat64) return 12;
  return large ? (sm >= 90 ? 16 : 14) : 13;
}

}  // namespace longwing::cuda
