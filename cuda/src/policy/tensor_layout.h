// Rows of float16 operands on the tensor cores: which point of a row stands where in tiles, in shared memory and in tables.
//
// A row of n = 256·m points is transformed by passes of radix 16, 16, R2 and R3, m = R2·R3 ("m tiles"); point ((q0·16 + q1)·R2 + q2)·R3
// + q3. A tile is 16 by 16 points of one warp; lane 4g + t holds of it rows g + 8h and columns 2t + i%2 + 8·(i/2), h < 2, i < 4. Which
// index stands in a row or column is a matter of the matrices beside it: here it is what keeps lanes in different banks.
#pragma once

#include "core/hd.h"
#include "policy/policy.h"

namespace longwing::cuda {

/// The radices of the middle passes, R2 and R3: 1 where there is none.
struct MiddleRadices {
  int third = 1, fourth = 1;
  LONGWING_HD constexpr int tiles() const { return third * fourth; }
  LONGWING_HD constexpr int last() const { return fourth > 1 ? fourth : third; }
};

/// A block transforms `rows` rows of n = threads·elements points; 16 float16 numbers are the side of a tile.
struct TensorPolicy {
  int log2n = 0;
  int elements = 0;       ///< points that a thread loads and stores
  int rows = 1;           ///< rows of a block
  int min_blocks = 1;     ///< blocks a multiprocessor holds at least: bounds the registers
  bool gradient = false;  ///< registers hold the sums of a filter's gradient and the other factor of what is added to them

  constexpr int n() const { return 1 << log2n; }
  constexpr int tiles() const { return n() / 256; }
  constexpr MiddleRadices middle() const { return tiles() <= 16 ? MiddleRadices{tiles(), 1} : MiddleRadices{16, tiles() / 16}; }
  constexpr int row_threads() const { return n() / elements; }
  constexpr int row_warps() const { return row_threads() / 32; }
  constexpr int threads() const { return row_threads() * rows; }
  /// Shared memory of one row: two buffers of float16 points, which are also a stage of n complex float32; then a number for each warp.
  constexpr int buffer_words() const { return tiles() * kTileWords; }
  constexpr int row_words() const { return 2 * buffer_words() + kMostWarps; }
  constexpr int shared_bytes() const { return rows * row_words() * 4; }

  static constexpr int kTileWords = 257;  ///< one of padding: tiles of neighbours begin in neighbouring banks
  static constexpr int kMostWarps = 32;
};

constexpr int kLeastTensorLog2n = 8, kMostTensorLog2n = 14;

// 16 points a thread, two tiles a warp; rows of one tile have 8, and of 16384 points 32, for 512 threads with 128 registers.
constexpr TensorPolicy kTensorRows[] = {{8, 8, 4, 4, true},   {9, 16, 4, 4, true},   {10, 16, 2, 4, true}, {11, 16, 1, 4, true},
                                        {12, 16, 1, 2, true}, {13, 16, 1, 1, false}, {14, 32, 1, 1, false}};

constexpr TensorPolicy tensor_policy(int log2n) { return kTensorRows[log2n - kLeastTensorLog2n]; }

/// Row h and column i of a lane's eight points.
LONGWING_HD constexpr int tile_row(int lane, int h) { return lane / 4 + 8 * h; }
LONGWING_HD constexpr int tile_column(int lane, int i) { return 2 * (lane % 4) + i % 2 + 8 * (i / 2); }

/// Spread order: column i of lane t holds index t + 4i. What stands in a column, and where an index stands.
LONGWING_HD constexpr int spread_index(int column) { return column % 8 / 2 + 4 * (column % 2 + 2 * (column / 8)); }
LONGWING_HD constexpr int spread_column(int index) { return 2 * (index % 4) + index / 4 % 2 + 8 * (index / 8); }

/// Where point (q0, q1) lies in a tile of shared memory: bits of both, linear over exclusive or. Lanes of a warp that hold four q0 and
/// eight q1, or eight q0 and four q1, meet no bank twice: q1's bits 0, 1 and q0's bits 0, 1 have a bank bit each, both bits 2 share one.
LONGWING_HD constexpr int spread_q0(int q0) { return (q0 & 3) | (q0 & 4) << 1 | (q0 & 8) << 3 | (q0 & 4) << 5; }
LONGWING_HD constexpr int spread_q1(int q1) { return (q1 & 1) << 4 | (q1 & 2) << 1 | (q1 & 4) << 1 | (q1 & 8) << 2; }

/// lane ^ constant, where bit 3 alone may be set in both: the rest of the constant is a distance that costs no instruction.
LONGWING_HD constexpr int with_constant(int lane, int constant) { return (lane ^ (constant & 8)) + (constant & ~8); }

/// First word of the tile of points with q2, q3. Neighbours in q2 begin in neighbouring banks.
LONGWING_HD constexpr int tile_word(MiddleRadices middle, int q2, int q3) { return (q3 * middle.third + q2) * TensorPolicy::kTileWords; }

/// Word of point `thread + offset`, where the offset has no bit of the tile and of the thread.
LONGWING_HD constexpr int own_word(MiddleRadices middle, int thread, int offset) {
  const int low = thread % middle.tiles(), of_thread = thread / middle.tiles(), of_offset = offset / middle.tiles();
  const int word = spread_q0(of_thread / 16) ^ spread_q1(of_thread % 16);
  return tile_word(middle, low / middle.fourth, low % middle.fourth) +
         with_constant(word, spread_q0(of_offset / 16) ^ spread_q1(of_offset % 16));
}

/// Words within an outer tile, all at constant distances from the lane's first: of points, q0 in spread order by columns, q1 by rows; of
/// nodes, j0 by rows, j1 in spread order by columns.
LONGWING_HD constexpr int point_word(int lane, int h, int i) {
  return with_constant(spread_q0(lane % 4) ^ spread_q1(lane / 4), spread_q0(4 * i) ^ spread_q1(8 * h));
}
LONGWING_HD constexpr int node_word(int lane, int h, int i) {
  return with_constant(spread_q0(lane / 4) ^ spread_q1(lane % 4), spread_q0(8 * h) ^ spread_q1(4 * i));
}

/// In the middle passes a tile holds members of one digit more than its own: nodes (j0, j1) as j0·16 + j1 beside q3, or, with one middle
/// pass, j0 beside q2. Which node member `member` of tile `tile` is; the shift keeps a warp's lanes in different banks.
LONGWING_HD constexpr int member_shift(MiddleRadices middle) { return middle.fourth > 1 || middle.third == 2 ? 1 : 0; }
LONGWING_HD constexpr int middle_node(MiddleRadices middle, int tile, int member) {
  const int shift = member_shift(middle), members = 16 / middle.last();
  return (tile >> shift) * (members << shift) + (member << shift) + (tile & ((1 << shift) - 1));
}

/// What stands in a row of a middle tile with two passes, as member·R3 + q3: lanes g have one bit of q3 and two of the member.
LONGWING_HD constexpr int member_of_row(int fourth, int row) { return fourth == 4 ? (row & 6) << 1 | (row & 8) >> 2 | (row & 1) : row; }

/// Word of a middle tile. One middle pass: rows j1, columns member·R2 + q2 in spread order; two: rows as above, columns q2 in spread order.
LONGWING_HD constexpr int middle_word(MiddleRadices middle, int tile, int lane, int h, int i) {
  const int index = lane % 4 + 4 * i;
  if (middle.fourth == 1) {
    const int node = middle_node(middle, tile, index / middle.third);
    return tile_word(middle, index % middle.third, 0) + with_constant(spread_q0(node) ^ spread_q1(lane / 4), spread_q1(8 * h));
  }
  const int number = member_of_row(middle.fourth, tile_row(lane, h)), node = middle_node(middle, tile, number / middle.fourth);
  return tile_word(middle, index, number % middle.fourth) + (spread_q0(node / 16) ^ spread_q1(node % 16));
}

/// Where a row's spectrum is kept: eight numbers of a lane as four pairs, each pair of 32 lanes side by side.
LONGWING_HD constexpr int lane_number(int tile, int lane, int h, int i) { return ((tile * 4 + 2 * h + i / 2) * 32 + lane) * 2 + i % 2; }
LONGWING_HD constexpr int number_at(int tile, int row, int column) {
  const int lane = row % 8 * 4 + column % 8 / 2;
  return lane_number(tile, lane, row / 8, column % 2 + 2 * (column / 8));
}

/// The number that holds frequency f = j0 + 16·(j1 + 16·(j2 + R2·j3)) of a row's spectrum.
LONGWING_HD constexpr int spectrum_number(MiddleRadices middle, int frequency) {
  const int j0 = frequency % 16, j1 = frequency / 16 % 16, j2 = frequency / 256 % middle.third, j3 = frequency / 256 / middle.third;
  if (middle.tiles() == 1) return number_at(0, j0, spread_column(j1));
  const int shift = member_shift(middle), radix = middle.last(), members = 16 / radix;
  const int node = middle.fourth > 1 ? j0 * 16 + j1 : j0, member = node >> shift & (members - 1);
  const int tile = node / (members << shift) << shift | (node & ((1 << shift) - 1));
  if (middle.fourth > 1) return number_at(tile, j2, spread_column(member * radix + j3));
  return number_at(tile, j1, spread_column(member * radix + j2));
}

/// What becomes of the rows of a tile whose columns are multiplied by a matrix.
enum class Rows : bool { kStay, kTurn };

/// The tables of one row length: complex matrices, a fragment of 16 bytes a lane for real and one for imaginary parts, then twiddles, n or
/// 256 complex float32 each.
enum TensorMatrix : int { kFirst, kSecond, kThird, kFourth, kFourthBack, kThirdBack, kSecondBack, kFirstBack, kTensorMatrices };
enum TensorTwiddles : int { kToSecond, kFromSecond, kToThird, kFromThird, kToFourth, kFromFourth, kTensorTwiddles };

constexpr int kFragmentBytes = 32 * 16;
LONGWING_HD constexpr int tensor_twiddle_count(MiddleRadices middle, int table) {
  if (table <= kFromSecond) return 256;
  return (table <= kFromThird ? middle.third : middle.fourth) > 1 ? 256 * middle.tiles() : 0;
}
LONGWING_HD constexpr int tensor_twiddle_offset(MiddleRadices middle, int table) {
  int offset = kTensorMatrices * 2 * kFragmentBytes;
  for (int before = 0; before < table; ++before) offset += tensor_twiddle_count(middle, before) * 8;
  return offset;
}
constexpr int tensor_table_bytes(const TensorPolicy& policy) { return tensor_twiddle_offset(policy.middle(), kTensorTwiddles); }

/// Bytes of a filter row's spectrum: n complex float32 and the exponent of their scale, padded to 16.
LONGWING_HD constexpr int tensor_spectrum_bytes(int n) { return n * 8 + 16; }

/// Points are scaled to at most 2^this, so that no pass of n points overflows float16 (docs/design/cuda_tensor_cores.md).
LONGWING_HD constexpr int tensor_headroom(int log2n) { return 13 - (log2n + 1) / 2; }

/// A pass's factor, forward and backward: 1/R in both together.
constexpr double forward_factor(int radix) { return radix == 16 || radix == 8 ? 0.25 : radix == 4 ? 0.5 : 1.0; }
constexpr double backward_factor(int radix) { return 1.0 / (radix * forward_factor(radix)); }
/// What a forward transform's numbers are multiplied by, beside their row's own scale.
constexpr double forward_factor(MiddleRadices middle) {
  return forward_factor(16) * forward_factor(16) * forward_factor(middle.third) * forward_factor(middle.fourth);
}

}  // namespace longwing::cuda
