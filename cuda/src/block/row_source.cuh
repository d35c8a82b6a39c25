// Rows of an array as points of the ring: window, gate and conversion on the way into the registers.
#pragma once

#include "core/complex.h"
#include "device/arguments.h"
#include "thread/storage.cuh"

namespace longwing::cuda {

/// One row of an array read through a window: what stands at a place of the ring of segment `segment`.
template <class T, class Stored>
class RowReader {
 public:
  LONGWING_HD RowReader(const SourceArgs& args, const RowSpace& rows, const RowId& id, int segment)
      : window_(args.window),
        array_(static_cast<const Stored*>(args.array.data) + row_offset(rows, args.array, id)),
        gate_(args.gate.data ? static_cast<const Stored*>(args.gate.data) + row_offset(rows, args.gate, id) : nullptr),
        stride_(args.array.stride),
        gate_stride_(args.gate.data ? args.gate.stride : 1),
        start_(segment * args.window.step) {}

  /// Neighbours in memory, nothing behind, nothing taken modulo the length: the samples below limit(), from the segment's start.
  LONGWING_HD bool simple() const { return stride_ == 1 && gate_stride_ == 1 && window_.behind == 0 && !window_.circular; }
  LONGWING_HD int limit() const {
    const std::int64_t left = window_.length - start_;
    return static_cast<int>(left < window_.ahead ? left : window_.ahead);
  }

  /// What `limit` leaves of place first + step, with constant `step`: one load at a constant distance from the thread's first.
  LONGWING_HD T simple_at(int first, int step, int limit) const {
    if (first + step >= limit) return T(0);
    const T value = load_as<T>(array_ + start_ + first + step);
    return gate_ ? value * load_as<T>(gate_ + start_ + first + step) : value;
  }

  LONGWING_HD T at(int place) const {
    const std::int64_t behind = place - 2 * static_cast<std::int64_t>(window_.n);
    const bool wraps = place >= window_.ahead;
    if (wraps && behind < -window_.behind) return T(0);
    std::int64_t sample = start_ + (wraps ? behind : place);
    if (window_.circular) {
      if (sample < 0) sample += window_.length;
      if (sample >= window_.length) sample -= window_.length;
    } else if (sample < 0 || sample >= window_.length) {
      return T(0);
    }
    T value = load_as<T>(array_ + sample * stride_);
    if (gate_) value *= load_as<T>(gate_ + sample * gate_stride_);
    return wraps ? -value : value;
  }

 private:
  const Window& window_;
  const Stored *array_, *gate_;
  std::int64_t stride_, gate_stride_, start_;
};

/// x[e] = the row's points first + step(e), z = sample at a place + i·(sample at the place + n). `slot(e)` of `stage` is the thread's
/// own: all but simple rows are read by one loop and wait there, so that the code of it stands once and not N times.
template <class T, int N, class Step, class Slot>
LONGWING_HD void load_row(const SourceArgs& args, const RowSpace& rows, const RowId& id, int segment, int first, const Step& step,
                          const Slot& slot, Complex<T>* stage, Complex<T> (&x)[N]) {
  const int n = args.window.n;
  bool staged = false;
  with_row_dtype<T>(args.array.dtype, [&](auto* data) {
    const RowReader<T, Pointee<decltype(data)>> row(args, rows, id, segment);
    staged = !row.simple();
    if (!staged) {
      const int limit = row.limit();
      LONGWING_UNROLL
      for (int e = 0; e < N; ++e) x[e] = {row.simple_at(first, step(e), limit), T(0)};
      if (limit <= n) return;
      LONGWING_UNROLL
      for (int e = 0; e < N; ++e) x[e].im = row.simple_at(first + n, step(e), limit);
      return;
    }
    LONGWING_NO_UNROLL
    for (int e = 0; e < N; ++e) stage[slot(e)] = {row.at(first + step(e)), row.at(first + step(e) + n)};
  });
  if (!staged) return;
  LONGWING_UNROLL
  for (int e = 0; e < N; ++e) x[e] = stage[slot(e)];
}

}  // namespace longwing::cuda
