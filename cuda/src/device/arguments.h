// What kernels are called with: plain structs of addresses, extents and strides, the same on host and device.
#pragma once

#include <cstdint>

#include "core/hd.h"
#include "longwing/types.h"

namespace longwing::cuda {

constexpr int kMaxLeading = 14;  ///< leading axes of u: TensorView::kMaxRank less channel and sample
constexpr int kMaxPasses = 5;    ///< passes of one block's transform
constexpr int kFilterRuns = 8;   ///< a filter's gradient adds its rows in at most this many runs, and the runs by a balanced tree

/// The rows of a call, numbered so that those of one filter row follow one another:
/// row = filter_row·rows_per_filter + sample·(channels/groups) + channel mod (channels/groups), filter_row = filter·groups + group.
struct RowSpace {
  std::int64_t samples = 1;  ///< product of the leading extents
  int channels = 1, groups = 1, filters = 1;
  FilterKind kind = FilterKind::kShared;
  int leading = 0;  ///< leading axes
  std::int64_t extents[kMaxLeading] = {};

  LONGWING_HD int channels_per_group() const { return channels == groups ? 1 : channels / groups; }
  LONGWING_HD std::int64_t filter_rows() const { return static_cast<std::int64_t>(filters) * groups; }
  LONGWING_HD std::int64_t rows_per_filter() const { return (kind == FilterKind::kPerSample ? 1 : samples) * channels_per_group(); }
  LONGWING_HD std::int64_t rows() const { return filter_rows() * rows_per_filter(); }
};

/// One row: its sample of the batch, its filter row, its filter of the bank (0 without) and its channel.
struct RowId {
  std::int64_t sample = 0, filter_row = 0;
  int bank = 0, channel = 0;
};

/// a/b and the remainder. A division is some twenty instructions of every thread, and the usual divisor is 1.
struct Division {
  std::int64_t quotient, remainder;
};
LONGWING_HD Division divide(std::int64_t a, std::int64_t b) {
  if (b == 1) return {a, 0};
  const std::int64_t quotient = a / b;
  return {quotient, a - quotient * b};
}

LONGWING_HD RowId row_id(const RowSpace& space, std::int64_t row) {
  const Division of_filter = divide(row, space.rows_per_filter());
  const Division filter = space.filters == 1 ? Division{0, of_filter.quotient} : divide(of_filter.quotient, space.groups);
  const int per_group = space.channels_per_group();
  const Division sample = divide(of_filter.remainder, per_group);
  RowId id;
  id.sample = space.kind == FilterKind::kPerSample ? filter.quotient : sample.quotient;
  id.filter_row = of_filter.quotient;
  id.bank = space.kind == FilterKind::kBank ? static_cast<int>(filter.quotient) : 0;
  id.channel = static_cast<int>(filter.remainder) * per_group + static_cast<int>(sample.remainder);
  return id;
}

/// An array of rows (leading…, [bank,] channel, sample): strides in elements, any sign. `data` null: absent.
struct RowArray {
  void* data = nullptr;
  DType dtype = DType::kFloat32;
  std::int64_t stride = 1;  ///< from one sample of a row to the next
  std::int64_t channel_stride = 0, bank_stride = 0;
  std::int64_t leading_strides[kMaxLeading] = {};
};

/// Offset in elements of a row's first sample.
LONGWING_HD std::int64_t row_offset(const RowSpace& space, const RowArray& array, const RowId& id) {
  std::int64_t offset = id.bank * array.bank_stride + id.channel * array.channel_stride;
  std::int64_t rest = id.sample;
  for (int axis = space.leading - 1; axis > 0; --axis) {
    offset += rest % space.extents[axis] * array.leading_strides[axis];
    rest /= space.extents[axis];
  }
  return offset + rest * array.leading_strides[0];
}

/// One number a channel: skip and its gradient. `data` null: absent.
struct ChannelArray {
  void* data = nullptr;
  DType dtype = DType::kFloat32;
  std::int64_t stride = 1;
};

/// Which sample stands at which place of the ring of real polynomials modulo x^2n = -1, for segment s of a row:
/// place p < ahead holds sample s·step + p, place p >= 2n - behind minus sample s·step + p - 2n, the rest nothing. Samples outside
/// [0, length) are 0, or with `circular` are taken modulo length. Place p < step holds output s·step + p.
struct Window {
  int n = 0;  ///< complex points: place p >= n is the imaginary part of p - n
  int ahead = 0, behind = 0;
  std::int64_t step = 0;
  int segments = 1;
  std::int64_t length = 0, output_length = 0;
  bool circular = false;
};

/// Filter rows as taps: tap j has lag origin + direction·j, modulo `period` where that is not 0. Lags in [lo, hi] stand in the ring, a
/// lag d < 0 at 2n + d with its sign turned; other taps are cropped.
struct TapArray {
  void* data = nullptr;
  DType dtype = DType::kFloat32;
  std::int64_t count = 0, stride = 1, group_stride = 0, filter_stride = 0;
  std::int64_t origin = 0;
  int direction = 1;
};
struct FilterTaps {
  TapArray taps[2];  ///< the filter and the reverse filter
  std::int64_t lo = 0, hi = 0, period = 0;
  int n = 0, groups = 1;
};

/// Addresses of the twiddles of a row's passes. Node v of pass p has its factor's powers at twiddles[p][power·nodes[p] + v]; the
/// powers kept are 1, 2, 3 and 4, 8, …: power_slot() of thread/twiddle.cuh.
struct TwiddleTables {
  const void* passes[kMaxPasses] = {};
};

/// What becomes of a result c of the convolution at output t.
enum class Epilogue : std::uint8_t {
  kOutput,         ///< out = post·act(c)
  kGradient,       ///< dc = dy·post·act'(c), dpost = dy·act(c): either may be absent
  kInputGradient,  ///< du = c·pre, dpre = c·u: either may be absent
};

/// y rows = rows of x through one filter row each; see kernel/convolve_rows.cuh and kernel/merge_columns.cuh.
struct EpilogueArgs {
  Epilogue kind = Epilogue::kOutput;
  Activation activation = Activation::kNone;
  RowArray out;          ///< kOutput
  RowArray post_gate;    ///< kOutput, kGradient
  RowArray dy;           ///< kGradient
  RowArray dc;           ///< kGradient: workspace in the compute type
  RowArray dpost;        ///< kGradient
  RowArray u, pre_gate;  ///< kInputGradient: of the forward call
  RowArray du, dpre;     ///< kInputGradient
  RowArray sum;          ///< compute type, or absent: what the bank's other filters brought; c += sum where add_sum,
  bool add_sum = false;  ///< and with keep_sum the total goes back there instead of on
  bool keep_sum = false;
};

/// Where the rows of a transform come from: an array through a window, times a gate where there is one.
struct SourceArgs {
  Window window;
  RowArray array, gate;
};

struct ConvolveArgs {
  RowSpace rows;
  std::int64_t first_row = 0, row_count = 0;  ///< the part of `rows` this launch does
  SourceArgs source;
  EpilogueArgs epilogue;
  ChannelArray skip;
  const void* spectrum = nullptr;  ///< of filter row 0: n complex numbers a filter row, in the policy's order
  bool conjugate = false;          ///< multiply by conj(spectrum): the adjoint, for du
  TwiddleTables twiddles;
  int nodes = 1;                        ///< rows of the three-pass form that one row was split into; 1: one pass
  void* columns = nullptr;              ///< nodes > 1: workspace, row_count·segments·nodes·length complex numbers, transformed in place
  const void* tensor_tables = nullptr;  ///< matrices and twiddles of convolve_rows_tensor, see policy/tensor_layout.h
};

struct SpectrumArgs {
  FilterTaps filter;
  std::int64_t first_row = 0, row_count = 0;  ///< filter rows of this launch
  void* spectrum = nullptr;                   ///< of filter row 0
  TwiddleTables twiddles;
  int nodes = 1;
  const void* columns = nullptr;  ///< nodes > 1: the split taps
  double scale = 1;               ///< 1/n of the whole transform
};

/// Filter rows, and all rows of each: what is not used of the two, like the spectrum between them, is left as it is.
struct FilterConvolveArgs {
  SpectrumArgs filter;
  ConvolveArgs convolve;
};

/// partial[filter_row - first_filter_row][run] = sum over the run's rows of FFT(dy)·conj(FFT(x)), in the policy's order. Run r holds the
/// indices [r·R/runs, (r+1)·R/runs) of a filter row's R = rows_per_filter() rows. A launch adds those of them in [first_index, first_index
/// + index_count), in order; with `add` to what is there, so that several launches leave the bits that one would.
struct FilterGradientArgs {
  RowSpace rows;
  std::int64_t first_filter_row = 0, filter_row_count = 0;
  std::int64_t first_index = 0, index_count = 0;
  bool add = false;
  int runs = 1;
  SourceArgs x, dy;
  void* partials = nullptr;
  void* stash = nullptr;  ///< n complex numbers a block, where the policy keeps FFT(x) there instead of in registers
  TwiddleTables twiddles;
  int nodes = 1;
  const void *x_columns = nullptr, *dy_columns = nullptr;  ///< nodes > 1; row (filter_row - first)·index_count + index - first_index
};

/// Both gradients of rows on the tensor cores, whose transforms are made once: the filter's partial sums, and du of the same rows.
struct RowGradientArgs {
  FilterGradientArgs filter;  ///< nodes == 1; its dy is du's source too
  bool wants_du = false;
  EpilogueArgs epilogue;  ///< kInputGradient
  ChannelArray skip;
  const void* spectrum = nullptr;
  const void* tensor_tables = nullptr;
};

/// Taps from partial sums: adds the runs by a balanced tree, inverse transform, store at the taps' places.
struct FilterGradientFinishArgs {
  FilterTaps gradient;  ///< where the gradients of the taps go
  std::int64_t first_row = 0, row_count = 0;
  int runs = 1;
  const void* partials = nullptr;
  TwiddleTables twiddles;
  int nodes = 1;
  void* columns = nullptr;  ///< nodes > 1
  double scale = 1;
};

/// One pass of the three-pass form over columns: `radix` points at distance `stride`, in each of `nodes` nodes.
struct ColumnArgs {
  RowSpace rows;
  std::int64_t first_row = 0, row_count = 0;
  SourceArgs source;      ///< split of nodes == 1 from rows of an array
  EpilogueArgs epilogue;  ///< merge of nodes == 1 into rows of an array
  FilterTaps filter;      ///< split of nodes == 1 from taps, merge of nodes == 1 into taps
  void* columns = nullptr;
  TwiddleTables twiddles;
  int nodes = 1;
  std::int64_t stride = 1;
  int segments = 1;
};

/// dskip[h] = sum over samples (and the bank) of dc·x: the terms of some rows a launch, then the sums over all.
struct SkipGradientArgs {
  RowSpace rows;
  std::int64_t first_row = 0, row_count = 0;  ///< rows whose terms this launch makes; row_count 0: it adds up the terms
  RowArray u, pre_gate, dc, post_gate;
  std::int64_t length = 0;
  void* terms = nullptr;  ///< one double a row
  ChannelArray dskip;
};

}  // namespace longwing::cuda
