// Passes over columns: what splits a row that is too long for a block into nodes that fit, and puts them together again.
#pragma once

#include "block/row_sink.cuh"
#include "block/row_source.cuh"
#include "block/tap_array.cuh"
#include "thread/butterfly.cuh"
#include "thread/twiddle.cuh"

namespace longwing::cuda {

constexpr int kColumnThreads = 128;

/// One butterfly of a column pass and its thread's own slots in shared memory.
template <class T, int R>
class Column {
 public:
  LONGWING_HD explicit Column(const ColumnArgs& args) : args_(args) {
    const Division of_stride = divide(static_cast<std::int64_t>(block_index()) * kColumnThreads + thread_index(), args.stride);
    const Division of_nodes = divide(of_stride.quotient, args.nodes), of_segments = divide(of_nodes.quotient, args.segments);
    column_ = static_cast<int>(of_stride.remainder);
    node_ = static_cast<int>(of_nodes.remainder);
    segment_ = static_cast<int>(of_segments.remainder);
    row_ = of_segments.quotient;
    const std::int64_t first = ((row_ * args.segments + segment_) * args.nodes + node_) * R * args.stride + column_;
    points_ = static_cast<Complex<T>*>(args.columns) + first;
  }

  LONGWING_HD bool active() const { return row_ < args_.row_count; }
  LONGWING_HD int first() const { return column_; }
  LONGWING_HD int segment() const { return segment_; }
  LONGWING_HD std::int64_t row() const { return args_.first_row + row_; }
  LONGWING_HD bool of_filter() const { return args_.filter.taps[0].data || args_.filter.taps[1].data; }
  LONGWING_HD int step(int q) const { return q * static_cast<int>(args_.stride); }
  LONGWING_HD static int slot(int q) { return q * kColumnThreads + thread_index(); }

  LONGWING_HD void twiddles(Complex<T> (&kept)[kept_powers(R)]) const {
    load_twiddles<R>(static_cast<const Complex<T>*>(args_.twiddles.passes[0]) + node_, args_.nodes, kept);
  }
  LONGWING_HD void load(Complex<T> (&x)[R]) const {
    LONGWING_UNROLL
    for (int q = 0; q < R; ++q) x[q] = points_[q * args_.stride];
  }
  LONGWING_HD void store(const Complex<T> (&x)[R]) const {
    LONGWING_UNROLL
    for (int q = 0; q < R; ++q) points_[q * args_.stride] = x[q];
  }

 private:
  const ColumnArgs& args_;
  int column_, node_, segment_;
  std::int64_t row_;
  Complex<T>* points_;
};

/// formula   pass of the tree of rings over the points (v·R + q)·stride + c of each row: x[q] *= zeta_v^q, R-point butterfly.
/// shapes    nodes == 1: rows of an array, or taps -> workspace (row, segment, n); else the workspace in place.
/// owner     thread: one butterfly (row, segment, node v, column c), c fastest, so that neighbours read neighbours.
/// shared    kColumnThreads·R points, each thread's own slots: no barrier.
/// needs     blocks = ceil(row_count·segments·nodes·stride / kColumnThreads).
/// bytes     one read, one write of the workspace, or one read of the rows and one write.
template <class T, int R>
__global__ void __launch_bounds__(kColumnThreads) split_columns(const __grid_constant__ ColumnArgs args) {
  const Column<T, R> column(args);
  if (!column.active()) return;
  auto* const stage = shared_memory<Complex<T>>();
  const auto step = [&](int q) { return column.step(q); };
  const auto slot = [](int q) { return Column<T, R>::slot(q); };
  Complex<T> x[R];
  if (args.nodes > 1) {
    column.load(x);
  } else if (column.of_filter()) {
    load_taps(args.filter, column.row(), column.first(), step, slot, stage, x);
  } else {
    load_row(args.source, args.rows, row_id(args.rows, column.row()), column.segment(), column.first(), step, slot, stage, x);
  }
  Complex<T> kept[kept_powers(R)];
  column.twiddles(kept);
  apply_twiddles<R>(kept, x);
  thread_butterfly<R, 1>(x);
  column.store(x);
}

/// formula   the inverse of split_columns, times R: R-point butterfly conjugated, x[q] *= conj(zeta_v^q).
/// shapes    workspace (row, segment, n) -> nodes == 1: args.epilogue, or the gradients of taps; else in place.
/// owner, shared, needs, bytes as split_columns.
template <class T, int R>
__global__ void __launch_bounds__(kColumnThreads) merge_columns(const __grid_constant__ ColumnArgs args) {
  const Column<T, R> column(args);
  if (!column.active()) return;
  auto* const stage = shared_memory<Complex<T>>();
  const auto step = [&](int q) { return column.step(q); };
  const auto slot = [](int q) { return Column<T, R>::slot(q); };
  Complex<T> x[R], kept[kept_powers(R)];
  column.load(x);
  thread_butterfly<R, -1>(x);
  column.twiddles(kept);
  apply_conjugate_twiddles<R>(kept, x);
  if (args.nodes > 1) {
    column.store(x);
  } else if (column.of_filter()) {
    store_taps(args.filter, column.row(), column.first(), static_cast<int>(args.stride), step, slot, stage, x);
  } else {
    store_row(args.epilogue, args.source.window, args.rows, row_id(args.rows, column.row()), column.segment(), column.first(), step, slot,
              stage, x);
  }
}

}  // namespace longwing::cuda
