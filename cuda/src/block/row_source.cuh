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

  /// Whether the samples are neighbours in memory and those ahead, and those behind, follow one another without a turn of the period.
  LONGWING_HD bool simple() const {
    if (stride_ != 1 || gate_stride_ != 1 || window_.behind > window_.n) return false;
    return !window_.circular || (start_ + window_.ahead <= window_.length && (start_ == 0 || start_ >= window_.behind));
  }

  /// Places below it are ahead and hold a sample.
  LONGWING_HD int ahead_limit() const {
    const std::int64_t left = window_.length - start_;
    return static_cast<int>(left < window_.ahead ? left : window_.ahead);
  }

  /// The sample at place first + step < limit, else 0: with constant `step` one load at a constant distance from the thread's first.
  LONGWING_HD T ahead(int first, int step, int limit) const { return first + step < limit ? gated(start_ + first + step, 1, 1) : T(0); }

  /// Minus the sample at place first + step of the imaginary part, if it is behind, else 0.
  LONGWING_HD T behind(int first, int step) const {
    const int place = first + step - window_.n;  // from 2n
    const std::int64_t sample = start_ + (window_.circular && start_ == 0 ? window_.length : 0) + place;
    return place >= -window_.behind && sample >= 0 && sample < window_.length ? -gated(sample, 1, 1) : T(0);
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
    const T value = gated(sample, stride_, gate_stride_);
    return wraps ? -value : value;
  }

 private:
  LONGWING_HD T gated(std::int64_t sample, std::int64_t stride, std::int64_t gate_stride) const {
    const T value = load_as<T>(array_ + sample * stride);
    return gate_ ? value * load_as<T>(gate_ + sample * gate_stride) : value;
  }

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
      const int limit = row.ahead_limit();
      LONGWING_UNROLL
      for (int e = 0; e < N; ++e) x[e] = {row.ahead(first, step(e), limit), T(0)};
      if (limit > n) {
        LONGWING_UNROLL
        for (int e = 0; e < N; ++e) x[e].im = row.ahead(first + n, step(e), limit);
      }
      if (args.window.behind > 0) {
        LONGWING_UNROLL
        for (int e = 0; e < N; ++e) x[e].im += row.behind(first, step(e));
      }
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
