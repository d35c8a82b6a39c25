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
        gate_stride_(args.gate.stride),
        start_(segment * args.window.step) {}

  /// z = sample at `place` + i·(sample at place + n)
  LONGWING_HD Complex<T> point(std::int64_t place) const { return {at(place), at(place + window_.n)}; }

 private:
  LONGWING_HD T at(std::int64_t place) const {
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

  const Window& window_;
  const Stored *array_, *gate_;
  std::int64_t stride_, gate_stride_, start_;
};

/// x[e] = the row's point place(e)
template <class T, int N, class Place>
LONGWING_HD void load_row(const SourceArgs& args, const RowSpace& rows, const RowId& id, int segment, const Place& place,
                          Complex<T> (&x)[N]) {
  with_row_dtype<T>(args.array.dtype, [&](auto* data) {
    using Stored = std::remove_pointer_t<decltype(data)>;
    const RowReader<T, Stored> row(args, rows, id, segment);
    LONGWING_UNROLL
    for (int e = 0; e < N; ++e) x[e] = row.point(place(e));
  });
}

}  // namespace longwing::cuda
