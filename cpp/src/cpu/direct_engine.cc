#include "cpu/direct_engine.h"

#include <algorithm>

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

template <class T>
void DirectEngine<T>::correlate_row(const T* x, const T* taps_of_row, const RowSink& y) const {
  const RowIo<T> io(this->kernels());
  alignas(64) T buffer[kTile];
  for (std::int64_t t = 0; t < y.length; t += kTile) {
    const std::int64_t count = std::min(kTile, y.length - t);
    // The kernel writes whole vectors, so a stretch that is none goes through the buffer.
    T* const place = count % kMaxLanes == 0 ? io.place(y, t, count, buffer) : buffer;
    this->kernels().correlate(place, x + t, taps_of_row, taps(), count);
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
  correlate_row(row, row_taps, y);
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
    correlate_row(dy_row, row_taps, *dx);
  }
  if (sum) {
    load_row(x, -lags.hi, this->map().output_length + lags.span(), row);
    RowSource once = dy;
    once.periodic = false;
    load_row(once, 0, this->map().output_length, dy_row);
    // sum[e] += sum_t dy[t]·x[t-hi+e]: a correlation again, dy taking the place of the taps
    this->kernels().correlate(row_taps, row, dy_row, this->map().output_length, taps());
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
