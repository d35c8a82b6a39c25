#include "cpu/direct_engine.h"

#include <algorithm>
#include <limits>

namespace longwing::cpu {

template <class T>
std::int64_t DirectEngine<T>::scratch_size() const {
  return padded_taps() + 2 * padded_row();
}

// Stored by falling lag, so that y[t] = sum_e spectrum[e]·x[t-hi+e] runs forward through x.
template <class T>
void DirectEngine<T>::prepare(const FilterRow& filter, T* spectrum, T*, const Team&) const {
  gather_taps(this->kernels(), this->spec(), this->map(), filter, spectrum);
  std::reverse(spectrum, spectrum + taps());
}

namespace {

// Where a row that holds samples [first, ...) of a source stops being zero, and begins to be so again.
struct NonZero {
  std::int64_t begin, end;

  NonZero(const RowSource& source, std::int64_t first)
      : begin(source.periodic ? 0 : -first), end(source.periodic ? std::numeric_limits<std::int64_t>::max() : source.length - first) {}
};

}  // namespace

template <class T>
void DirectEngine<T>::correlate_row(const RowSource& source, std::int64_t first, const T* x, const T* taps_of_row, const RowSink& y) const {
  const NonZero there(source, first);
  const RowIo<T> io(this->kernels());
  alignas(64) T buffer[kTile];
  for (std::int64_t t = 0, count = 0; t < y.length; t += count) {
    const std::int64_t left = y.length - t;
    // The last two stretches are of one length: the sums of a few vectors would wait for one another.
    count = left <= kTile ? left : left >= 2 * kTile ? kTile : (left / 2 + kMaxLanes - 1) / kMaxLanes * kMaxLanes;
    // The kernel writes whole vectors, so a stretch that is none goes through the buffer.
    T* const place = count % kMaxLanes == 0 ? io.place(y, t, count, buffer) : buffer;
    this->kernels().correlate(place, x + t, taps_of_row, taps(), count, there.begin - t, there.end - t);
    if (place == buffer) io.write(y, t, count, buffer);
  }
}

// Samples [begin, begin+count) and the zeros up to the next vector that `correlate` reads.
template <class T>
void DirectEngine<T>::load_row(const RowSource& source, std::int64_t begin, std::int64_t count, T* row) const {
  RowIo<T>(this->kernels()).materialize(source, begin, count, row);
  std::fill(row + count, row + count + kMaxLanes, T(0));
}

template <class T>
void DirectEngine<T>::forward(const RowSource& x, const T* spectrum, T skip, const RowSink& y, T* scratch, const Team&) const {
  const LagRange& lags = this->map().lags;
  T* const row_taps = scratch;
  T* const row = scratch + padded_taps();
  std::copy(spectrum, spectrum + taps(), row_taps);
  if (skip != T(0)) row_taps[lags.hi] += skip;
  load_row(x, -lags.hi, this->map().output_length + lags.span(), row);
  correlate_row(x, -lags.hi, row, row_taps, y);
}

template <class T>
void DirectEngine<T>::backward(const RowSource& x, const RowSource& dy, const T* spectrum, T skip, const RowSink* dx, T* sum, T* scratch,
                               const Team&) const {
  const LagRange& lags = this->map().lags;
  T* const row_taps = scratch;
  T* const row = scratch + padded_taps();
  T* const dy_row = row + padded_row();
  if (dx) {  // dx[i] = sum_d kappa[d]·dy[i+d]
    std::reverse_copy(spectrum, spectrum + taps(), row_taps);
    if (skip != T(0)) row_taps[-lags.lo] += skip;
    load_row(dy, lags.lo, this->map().input_length + lags.span(), dy_row);
    correlate_row(dy, lags.lo, dy_row, row_taps, *dx);
  }
  if (sum) {
    load_row(x, -lags.hi, this->map().output_length + lags.span(), row);
    RowSource once = dy;
    once.periodic = false;
    load_row(once, 0, this->map().output_length, dy_row);
    // sum[e] += sum_t dy[t]·x[t-hi+e]: a correlation again, dy taking the place of the taps
    const NonZero there(x, -lags.hi);
    this->kernels().correlate(row_taps, row, dy_row, this->map().output_length, taps(), there.begin, there.end);
    this->kernels().add(sum, row_taps, taps());
  }
}

template <class T>
void DirectEngine<T>::finish_gradient(T* sum, const FilterRow& gradient, T*, const Team&) const {
  std::reverse(sum, sum + taps());
  scatter_taps(this->kernels(), this->spec(), this->map(), sum, gradient);
}

template class DirectEngine<float>;
template class DirectEngine<double>;

}  // namespace longwing::cpu
