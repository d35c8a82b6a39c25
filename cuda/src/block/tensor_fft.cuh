// The convolution of a block's rows in float16 on the tensor cores, float32 sums: forward passes, a product, the passes backwards.
//
// formula   the tree of rings of block_fft.cuh with radices 16, 16, R2, R3. Every rounding to float16 comes right after a twiddle or the
//           spectrum, in the accumulators: six a point with three radices.
// order     outer passes (radices 16, 16) in one tile of points (q0, q1) for every (q2, q3); the middle passes and the product in tiles of
//           nodes by (q2, q3); the outer ones again. An exchange through shared memory before, between and after, in float16.
// owner     warp w of a row has tiles w, w + warps, …; a middle tile is written where it was read, by the same lanes.
// shared    two buffers of n points: entering points and results in the first, what lies between the passes in the second. Both are
//           also a stage of n complex float32 for load_row and store_row, before and after.
// barriers  around each exchange; row_barrier() is a warp's where the row is.
#pragma once

#include "block/row_scale.cuh"
#include "thread/tensor_tile.cuh"

namespace longwing::cuda {

/// The words of shared memory of a lane's eight points of a tile.
struct TileWords {
  int at[2][4];
};
template <class Word>
LONGWING_HD TileWords tile_words(const Word& word) {
  TileWords words;
  LONGWING_UNROLL
  for (int h = 0; h < 2; ++h) {
    LONGWING_UNROLL
    for (int i = 0; i < 4; ++i) words.at[h][i] = word(h, i);
  }
  return words;
}

LONGWING_HD TensorOperand load_points(const std::uint32_t* points, const TileWords& words) {
  TensorOperand x;
  LONGWING_UNROLL
  for (int h = 0; h < 2; ++h) {
    LONGWING_UNROLL
    for (int pair = 0; pair < 2; ++pair) {
      const std::uint32_t a = points[words.at[h][2 * pair]], b = points[words.at[h][2 * pair + 1]];
      x.re[h][pair] = low_halves(a, b);
      x.im[h][pair] = high_halves(a, b);
    }
  }
  return x;
}
LONGWING_HD void store_points(std::uint32_t* points, const TileWords& words, const TensorTile& x) {
  LONGWING_UNROLL
  for (int h = 0; h < 2; ++h) {
    LONGWING_UNROLL
    for (int i = 0; i < 4; ++i) points[words.at[h][i]] = to_float16_pair(x.re[h][i], x.im[h][i]);
  }
}

template <int Log2N>
class TensorFft {
 public:
  static constexpr TensorPolicy kPolicy = tensor_policy(Log2N);
  static constexpr int kElements = kPolicy.elements, kThreads = kPolicy.row_threads(), kTiles = kPolicy.tiles();

  /// `row` of the block, `thread` of the row. enters_im: points have imaginary parts; leaves_im: results need them.
  LONGWING_HD TensorFft(const void* tables, int row, int thread, bool enters_im, bool leaves_im)
      : tables_(static_cast<const unsigned char*>(tables)),
        points_(shared_memory<std::uint32_t>() + row * kPolicy.row_words()),
        thread_(thread),
        enters_im_(enters_im),
        leaves_im_(leaves_im) {}

  /// Before enter() and after leave() register `element` holds point thread + step(element).
  LONGWING_HD static constexpr int step(int element) { return element * kThreads; }
  LONGWING_HD int own_slot(int element) const { return thread_ + step(element); }
  LONGWING_HD Complex<float>* stage() const { return reinterpret_cast<Complex<float>*>(points_); }

  /// Scales the row to float16's range and puts it into shared memory. Returns the exponent of the scale.
  LONGWING_HD int enter(const Complex<float> (&x)[kElements]) const {
    float largest = 0;
    LONGWING_UNROLL
    for (int e = 0; e < kElements; ++e) largest = larger_magnitude(x[e].re, largest);
    if (enters_im_) {
      LONGWING_UNROLL
      for (int e = 0; e < kElements; ++e) largest = larger_magnitude(x[e].im, largest);
    }
    largest = largest_of_row<kThreads>(largest, thread_, reinterpret_cast<float*>(between() + kPolicy.buffer_words()));
    const int exponent = scale_exponent(largest, tensor_headroom(Log2N));
    const float scale = power_of_two(exponent);
    LONGWING_UNROLL
    for (int e = 0; e < kElements; ++e) *own_point(e) = to_float16_pair(scale * x[e].re, enters_im_ ? scale * x[e].im : 0.0f);
    row_barrier();
    return exponent;
  }

  /// By unsigned arithmetic, so that what follows from it is masks and shifts.
  LONGWING_HD int lane() const { return static_cast<int>(static_cast<unsigned>(thread_) % kWarpThreads); }

  /// Tiles that a warp has, and which number its tile `index` is.
  static constexpr int kTilesEach = kTiles / kPolicy.row_warps();
  LONGWING_HD int tile(int index) const { return warp() + index * kPolicy.row_warps(); }

  /// use(x, index) takes the warp's tile `index` of the spectrum, numbers in the order of lane_number(). Where `back` is set, and it is
  /// for all of a block or for none, the transform goes back from what `use` made of it; else points are left undefined.
  template <class Use>
  LONGWING_HD void transform(const Use& use, bool back) const {
    if constexpr (kTiles == 1) {
      TensorTile spectrum;
      outer_passes([&](int, const TensorTile& x) { spectrum = x; });
      use(spectrum, 0);
      if (back) outer_passes_back([&](int) { return round_tile(spectrum); });
    } else {
      const TileWords words = tile_words([&](int h, int i) { return node_word(lane(), h, i); });
      outer_passes([&](int tile, TensorTile& x) {
        multiply_tile(x, twiddles(kToThird, tile));
        store_points(between() + tile * TensorPolicy::kTileWords, words, x);
      });
      row_barrier();
      LONGWING_UNROLL
      for (int index = 0; index < kTilesEach; ++index) middle_passes(index, use, back);
      row_barrier();
      if (back) outer_passes_back([&](int tile) { return load_points(between() + tile * TensorPolicy::kTileWords, words); });
    }
    row_barrier();
  }

  /// The results, times 2^exponent.
  LONGWING_HD void leave(int exponent, Complex<float> (&x)[kElements]) const {
    const int most = exponent > kMostExponent ? kMostExponent : exponent < -kMostExponent ? -kMostExponent : exponent;
    const float scale = power_of_two(most), rest = power_of_two(exponent - most);
    std::uint32_t points[kElements];
    LONGWING_UNROLL
    for (int e = 0; e < kElements; ++e) points[e] = *own_point(e);
    LONGWING_UNROLL
    for (int e = 0; e < kElements; ++e) x[e] = {low_half(points[e]) * scale, 0.0f};
    if (leaves_im_) {
      LONGWING_UNROLL
      for (int e = 0; e < kElements; ++e) x[e].im = high_half(points[e]) * scale;
    }
    if (exponent != most) {
      LONGWING_UNROLL
      for (int e = 0; e < kElements; ++e) x[e] = {x[e].re * rest, x[e].im * rest};
    }
    row_barrier();  // before the stage, which lies under the points, is written
  }

 private:
  static constexpr int kMostExponent = 126;
  static constexpr int kR2 = kPolicy.middle().third, kR3 = kPolicy.middle().fourth;

  LONGWING_HD static constexpr MiddleRadices middle() { return {kR2, kR3}; }
  LONGWING_HD int warp() const { return static_cast<int>(static_cast<unsigned>(thread_) / kWarpThreads); }
  LONGWING_HD std::uint32_t* between() const { return points_ + kPolicy.buffer_words(); }
  LONGWING_HD TensorMatrixParts matrix(TensorMatrix which) const {
    const auto* fragments = reinterpret_cast<const TensorFragment*>(tables_ + which * 2 * kFragmentBytes) + lane();
    return {fragments[0], fragments[kWarpThreads]};
  }
  LONGWING_HD TensorTile twiddles(TensorTwiddles which, int tile) const {
    return load_tile(tables_ + tensor_twiddle_offset(middle(), which), tile, lane());
  }
  LONGWING_HD static void row_barrier() {
    if constexpr (kThreads <= kWarpThreads) {
      warp_barrier();
    } else {
      block_barrier();
    }
  }

  LONGWING_HD std::uint32_t* own_point(int element) const {
    return points_ + own_word(middle(), warp() * kWarpThreads + lane(), step(element));
  }

  template <class Sink>
  LONGWING_HD void outer_passes(const Sink& sink) const {
    const TensorMatrixParts first = matrix(kFirst), second = matrix(kSecond);
    const TensorTile to_second = twiddles(kToSecond, 0);
    const TileWords words = tile_words([&](int h, int i) { return point_word(lane(), h, i); });
    LONGWING_UNROLL
    for (int index = 0; index < kTilesEach; ++index) {
      const int tile = this->tile(index);
      const TensorOperand points = load_points(points_ + tile * TensorPolicy::kTileWords, words);
      TensorTile x = multiply_columns<Rows::kTurn>(first, points, enters_im_, true);
      multiply_tile(x, to_second);
      x = multiply_columns<Rows::kStay>(second, round_tile(x));
      sink(tile, x);
    }
  }

  template <class Source>
  LONGWING_HD void outer_passes_back(const Source& source) const {
    const TensorMatrixParts second = matrix(kSecondBack), first = matrix(kFirstBack);
    const TensorTile from_second = twiddles(kFromSecond, 0);
    const TileWords words = tile_words([&](int h, int i) { return point_word(lane(), h, i); });
    LONGWING_UNROLL
    for (int index = 0; index < kTilesEach; ++index) {
      const int tile = this->tile(index);
      TensorTile x = multiply_columns<Rows::kTurn>(second, source(tile));
      multiply_tile(x, from_second);
      x = multiply_columns<Rows::kStay>(first, round_tile(x), true, leaves_im_);
      store_points(points_ + tile * TensorPolicy::kTileWords, words, x);
    }
  }

  // One middle pass keeps its rows; two turn them and turn them back: in between rows are j2, columns (member of the tile, q3).
  template <class Use>
  LONGWING_HD void middle_passes(int index, const Use& use, bool back) const {
    const int tile = this->tile(index);
    const TileWords words = tile_words([&](int h, int i) { return middle_word(middle(), tile, lane(), h, i); });
    const TensorOperand points = load_points(between(), words);
    TensorTile x;
    if constexpr (kR3 == 1) {
      x = multiply_columns<Rows::kStay>(matrix(kThird), points);
      use(x, index);
      if (!back) return;
      x = multiply_columns<Rows::kStay>(matrix(kThirdBack), round_tile(x));
    } else {
      x = multiply_columns<Rows::kTurn>(matrix(kThird), points);
      multiply_tile(x, twiddles(kToFourth, tile));
      x = multiply_columns<Rows::kStay>(matrix(kFourth), round_tile(x));
      use(x, index);
      if (!back) return;
      x = multiply_columns<Rows::kTurn>(matrix(kFourthBack), round_tile(x));
      multiply_tile(x, twiddles(kFromFourth, tile));
      x = multiply_columns<Rows::kStay>(matrix(kThirdBack), round_tile(x));
    }
    multiply_tile(x, twiddles(kFromThird, tile));
    store_points(between(), words, x);
  }

  const unsigned char* tables_;
  std::uint32_t* points_;
  int thread_;
  bool enters_im_, leaves_im_;
};

}  // namespace longwing::cuda
