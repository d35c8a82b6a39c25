// What one instruction set offers: the passes and the elementwise loops, as plain functions over raw pointers.
#pragma once

#include <cstdint>

#include "longwing/types.h"

namespace longwing::cpu {

/// Lanes of the widest vector, and so the rows of the first pass.
constexpr int kMaxLanes = 16;

/// One radix over `nodes` nodes of radix·m lines each; only positions [begin, end) of each m are done.
/// Twiddles: radix-1 lines for each node.
template <class T>
struct PassArgs {
  T* lines;
  const T* twiddles;
  std::int64_t nodes;
  std::int64_t m;
  std::int64_t begin, end;
};

/// What happens between the last forward pass and the first inverse pass, at every point z of the spectrum of `lines` and, where two
/// rows come down together, w of the spectrum of `other`.
enum class CenterOp : std::uint8_t {
  kStore,                  ///< store = z·scale; nothing goes up again
  kMultiply,               ///< z·(filter + skip), then inverse
  kMultiplyConj,           ///< z·conj(filter + skip), then inverse
  kInverse,                ///< lines·scale, then inverse: nothing came down
  kProduct,                ///< other·(filter + skip), then inverse in `lines`: `other` is down already
  kConvolve,               ///< z·(w·scale + skip), then inverse: kStore of `other` and kMultiply by it
  kCorrelate,              ///< sum += z·conj(w); nothing goes up again
  kCorrelateMultiplyConj,  ///< kCorrelate and kMultiplyConj
  kGradients,              ///< kMultiplyConj in `lines` and z·conj(w)·scale, then inverse, in `other`: kCorrelate from 0 and kInverse
};

constexpr bool descends(CenterOp op) { return op != CenterOp::kInverse && op != CenterOp::kProduct; }
constexpr bool other_descends(CenterOp op) { return op >= CenterOp::kConvolve; }
constexpr bool ascends(CenterOp op) { return op != CenterOp::kStore && op != CenterOp::kCorrelate; }
constexpr bool other_ascends(CenterOp op) { return op == CenterOp::kGradients; }

/// The last radix of the tree (m = 1), forward, `op`, and inverse, on lines held in registers.
template <class T>
struct CenterArgs {
  T* lines;
  const T* twiddles;
  std::int64_t nodes;
  const T* filter;  ///< kMultiply*, kProduct, kCorrelateMultiplyConj, kGradients: the spectrum, scaled by 1/n
  T skip;           ///< where there is a filter: added to every real part of it
  T* other;         ///< of two rows; kProduct
  T* sum;           ///< kCorrelate*
  T* store;         ///< kStore
  T scale;          ///< kStore, kInverse, kConvolve, kGradients
  bool long_row;    ///< kMultiply, kProduct, kConvolve: where no multiply-add is fused, float32 products go by way of double
};

/// The centre's twiddles of one subtree, as those of the first turned: dst = w·(1 + turn), w = near + rest.
template <class T>
struct TurnArgs {
  T* dst;          ///< `parts` lines for each node
  const T* near;   ///< of the first subtree, rounded
  const T* rest;   ///< what the rounding left
  const T* turns;  ///< `parts` complex numbers
  std::int64_t nodes;
  int parts;
};

/// Between rows and lines: row q holds positions q·m.. of the ring, `count` of them from here on.
/// A null row reads as zeros and is not written.
template <class T>
struct EdgeArgs {
  T* re[kMaxLanes];
  T* im[kMaxLanes];
  T* lines;        ///< of the first position
  const T* roots;  ///< twiddles of the lane split
  std::int64_t count;
  bool has_im;  ///< some imaginary row is there
};

template <class T>
struct KernelTable {
  const char* isa;
  int lanes;
  int registers;
  int lane_radices[2];  ///< the lane split: lanes = product

  using Pass = void (*)(const PassArgs<T>&);
  using Center = void (*)(const CenterArgs<T>&);
  Pass (*descend)(int radix);
  Pass (*ascend)(int radix);
  Center (*center)(CenterOp op, int radix);
  void (*turn)(const TurnArgs<T>&);
  void (*enter)(const EdgeArgs<T>&);  ///< rows -> lines, the lane split
  void (*leave)(const EdgeArgs<T>&);  ///< lines -> rows, its inverse

  /// dst[i] = src[i·stride], converted from `dtype`.
  void (*load)(T* dst, const void* src, DType dtype, std::int64_t stride, std::int64_t count);
  /// dst[i·stride] = src[i], rounded to `dtype`, ties to even.
  void (*store)(void* dst, DType dtype, std::int64_t stride, const T* src, std::int64_t count);
  /// dst[c·dst_stride + r] = src[r·src_stride + c] for r < rows, c < columns
  void (*transpose)(T* dst, std::int64_t dst_stride, const T* src, std::int64_t src_stride, std::int64_t rows, std::int64_t columns);
  void (*multiply)(T* dst, const T* a, const T* b, std::int64_t count);  ///< dst = a·b; dst may be a or b
  void (*add)(T* dst, const T* src, std::int64_t count);                 ///< dst += src
  void (*scale)(T* dst, const T* src, T factor, std::int64_t count);     ///< dst = src·factor; dst may be src
  /// values = act(values); where `derivative` is given it gets act'.
  void (*activate)(T* values, T* derivative, Activation activation, std::int64_t count);
  /// y[t] = sum_e taps[e]·x[t+e], e < tap_count; y is writable and x readable as if count were the next multiple of the lanes.
  /// x is known to be zero before `zeros` and from `end` on, and need not be multiplied there.
  void (*correlate)(T* y, const T* x, const T* taps, std::int64_t tap_count, std::int64_t count, std::int64_t zeros, std::int64_t end);
  /// sum_i a[i]·b[i], in a fixed order of vector partial sums
  T (*dot)(const T* a, const T* b, std::int64_t count);
};

}  // namespace longwing::cpu
