#include "cpu/transform_engine.h"

#include <algorithm>

namespace longwing::cpu {
namespace {

// Rounding errors grow with the logarithm of the length: from here on some speed goes for a smaller one.
constexpr std::int64_t kLongRow = 1 << 19;

// Where the edges do the root's pass, this much is taken together: half an L2 cache, for stretches of memory as long as can be.
// With a quarter of it 4M takes 5 % longer, with an eighth 12 %.
constexpr std::int64_t kRootTileBytes = 1 << 19;

// What is staged at once: both parts of a tile of every lane.
constexpr std::int64_t kTileCoefficients = 2 * kMaxLanes * kTile;

// The part [begin, begin+count) of a sink, as a sink.
RowSink part_of(const RowSink& sink, std::int64_t begin, std::int64_t count) {
  RowSink part = sink;
  part.data = element(sink.data, sink.dtype, begin * sink.stride);
  if (sink.gate) part.gate = element(sink.gate, sink.dtype, begin * sink.gate_stride);
  part.length = count;
  return part;
}

}  // namespace

template <class T>
TransformEngine<T>::TransformEngine(const KernelTable<T>& kernels, const ConvSpec& spec, const Factorization& factorization)
    : RowEngine<T>(kernels, spec),
      transform_(Transform<T>::shared(kernels, factorization)),
      one_window_(2 * factorization.n >= minimum_coefficients(this->map())),
      taps_are_ring_(taps_are_ring()) {}

template <class T>
std::int64_t TransformEngine<T>::window_count(const LagMap& map) const {
  const std::int64_t step = 2 * transform_->n() - map.lags.span();
  return one_window_ ? 1 : (map.output_length + step - 1) / step;
}

template <class T>
auto TransformEngine<T>::window(const LagMap& map, std::int64_t index) const -> Window {
  if (one_window_) return {map.circular ? -map.lags.hi : 0, 0, map.output_length};
  const std::int64_t step = 2 * transform_->n() - map.lags.span(), begin = index * step;
  return {begin - map.lags.hi, begin, std::min(step, map.output_length - begin)};
}

template <class T>
CenterArgs<T> TransformEngine<T>::center_args(T* lines, const T* spectrum, T skip) const {
  return {.lines = lines,
          .twiddles = nullptr,
          .nodes = 0,
          .filter = spectrum,
          .skip = skip / static_cast<T>(transform_->n()),
          .other = nullptr,
          .sum = nullptr,
          .store = nullptr,
          .scale = T(1) / static_cast<T>(transform_->n()),
          .long_row = transform_->n() >= kLongRow};
}

// The rows are filled in by the caller; to clear them first costs as much as a pass over a short row.
template <class T>
EdgeArgs<T> TransformEngine<T>::edge_args(T* lines, std::int64_t count) const {
  EdgeArgs<T> edge;
  edge.lines = lines;
  edge.roots = transform_->lane_roots();
  edge.count = count;
  edge.has_im = false;
  return edge;
}

// A short row that has to be converted, gated or gathered is so in one piece, and one tile; else each tile's part of every lane is.
template <class T>
template <class Row>
bool TransformEngine<T>::is_staged_whole(const Row& row, std::int64_t coefficients) const {
  return coefficients <= kTileCoefficients && !RowIo<T>::is_plain(row);
}

// edge(first line, count) for stretches of a whole row, and where the edges do it the root's pass before or after. A tile is some of
// every part then, else one stretch of one part.
template <class T>
template <class Edge>
void TransformEngine<T>::for_each_stretch(bool descend, bool staged, T* lines, const Team& team, const Edge& edge) const {
  const std::int64_t parts = transform_->edge_parts(), m = transform_->lines() / parts, step = staged ? m : kTile;
  const bool root = transform_->edges_do_root(team);
  const std::int64_t tile = root ? root_tile((m + step - 1) / step, team) * step : step, tiles = (m + tile - 1) / tile;
  team.for_each(root ? tiles : parts * tiles, [&](std::int64_t i) {
    const std::int64_t first_part = root || parts == 1 ? 0 : i / tiles, last_part = root ? parts : first_part + 1;
    const std::int64_t begin = (i - first_part * tiles) * tile, end = std::min(m, begin + tile);
    if (root && !descend) transform_->pass_root(false, lines, begin, end);
    for (std::int64_t part = first_part; part < last_part; ++part) {
      for (std::int64_t p = begin; p < end; p += step) edge(part * m + p, std::min(step, end - p));
    }
    if (root && descend) transform_->pass_root(true, lines, begin, end);
  });
}

// Of `stretches` kTiles, how many are one tile where the edges do the root's pass.
template <class T>
std::int64_t TransformEngine<T>::root_tile(std::int64_t stretches, const Team& team) const {
  const std::int64_t bytes = transform_->edge_parts() * kTile * 2 * this->kernels().lanes * static_cast<std::int64_t>(sizeof(T));
  return std::max<std::int64_t>(1, std::min(kRootTileBytes / bytes, stretches / (4 * team.workers())));
}

template <class T>
void TransformEngine<T>::enter(const RowSource& row, std::int64_t begin, T* lines, const Team& team) const {
  const std::int64_t m = transform_->lines(), n = transform_->n();
  const int lanes = this->kernels().lanes;
  const RowIo<T> io(this->kernels());
  const bool has_im = row.periodic || begin + n < row.length;  // else the ring's upper half is zeros
  const bool staged = is_staged_whole(row, has_im ? 2 * n : n);
  T* const in_place = io.in_place(row, begin, n);
  for_each_stretch(true, staged, lines, team, [&](std::int64_t p, std::int64_t count) {
    alignas(64) T buffer[kTileCoefficients];
    EdgeArgs<T> edge = edge_args(lines + p * 2 * lanes, count);
    T* const whole = staged ? io.read(row, begin, has_im ? 2 * n : n, buffer) : in_place;
    T* const upper = staged && whole ? whole + n : nullptr;
    for (int q = 0; q < lanes; ++q) {
      const std::int64_t at = q * m + p;
      edge.re[q] = whole ? whole + at : io.read(row, begin + at, count, buffer + 2 * q * kTile);
      if (!has_im) continue;
      edge.im[q] = upper ? upper + at : io.read(row, begin + at + n, count, buffer + (2 * q + 1) * kTile);
      edge.has_im = edge.has_im || edge.im[q];
    }
    this->kernels().enter(edge);
  });
}

template <class T>
void TransformEngine<T>::leave(T* lines, const RowSink& row, std::int64_t shift, const Team& team) const {
  const std::int64_t m = transform_->lines(), n = transform_->n();
  const int lanes = this->kernels().lanes;
  const RowIo<T> io(this->kernels());
  const bool has_im = n - shift < row.length;  // else nobody asks for the ring's upper half
  const bool staged = is_staged_whole(row, has_im ? 2 * n : n);
  T* const in_place = io.in_place(row, -shift, n);
  for_each_stretch(false, staged, lines, team, [&](std::int64_t p, std::int64_t count) {
    alignas(64) T buffer[kTileCoefficients];
    EdgeArgs<T> edge = edge_args(lines + p * 2 * lanes, count);
    T* const whole = staged ? buffer : in_place;
    for (int q = 0; q < lanes; ++q) {
      const std::int64_t at = q * m + p;
      edge.re[q] = whole ? whole + at : io.place(row, at - shift, count, buffer + 2 * q * kTile);
      if (!has_im) continue;
      edge.im[q] = staged ? whole + n + at : io.place(row, at + n - shift, count, buffer + (2 * q + 1) * kTile);
      edge.has_im = edge.has_im || edge.im[q];
    }
    this->kernels().leave(edge);
    if (staged) return io.write(row, -shift, has_im ? 2 * n : n, buffer);
    if (whole && !has_im) return;
    for (int q = 0; q < lanes; ++q) {
      const std::int64_t at = q * m + p - shift;
      if (T* const re = buffer + 2 * q * kTile; edge.re[q] == re) io.write(row, at, count, re);
      if (T* const im = buffer + (2 * q + 1) * kTile; has_im && edge.im[q] == im) io.write(row, at + n, count, im);
    }
  });
}

template <class T>
void TransformEngine<T>::convolve_windows(const LagMap& map, CenterOp op, const RowSource& x, const T* spectrum, T skip, const RowSink& y,
                                          T* lines, const Team& team) const {
  for (std::int64_t i = 0, windows = window_count(map); i < windows; ++i) {
    const Window w = window(map, i);
    enter(x, w.input_begin, lines, team);
    transform_->run(op, center_args(lines, spectrum, skip), team);
    leave(lines, part_of(y, w.output_begin, w.output_count), w.output_begin - w.input_begin, team);
    if (i + 1 < windows) stop_point();
  }
}

// A filter of lags from 0 up whose taps follow one another is the ring itself.
template <class T>
bool TransformEngine<T>::taps_are_ring() const {
  std::int64_t runs = 0, taps = 0;
  for_each_tap_run(this->spec(), this->map(), false, [&](const TapRun& run) { ++runs, taps += run.count; });
  return this->spec().reverse_length == 0 && this->map().lags.lo == 0 && runs == 1 && taps == this->map().lags.hi + 1;
}

// Lag d >= 0 stands at d, lag d < 0 at 2n+d with the sign turned.
template <class T>
void TransformEngine<T>::enter_filter(const FilterRow& filter, T* lines, T* scratch, const Team& team) const {
  const std::int64_t n = transform_->n();
  const LagRange& lags = this->map().lags;
  if (taps_are_ring_) {
    const TapRow& k = filter.forward;
    return enter({.data = k.data, .dtype = k.dtype, .stride = k.stride, .length = lags.hi + 1}, 0, lines, team);
  }
  T *const coefficients = scratch, *const ring = scratch + 2 * n;
  gather_taps(this->kernels(), this->spec(), this->map(), filter, coefficients);
  const T* const zero_lag = coefficients - lags.lo;
  std::fill(ring, ring + 2 * n, T(0));
  std::copy(zero_lag + std::max<std::int64_t>(lags.lo, 0), zero_lag + lags.hi + 1, ring + std::max<std::int64_t>(lags.lo, 0));
  for (std::int64_t d = lags.lo; d < 0 && d <= lags.hi; ++d) ring[2 * n + d] = -zero_lag[d];
  enter({.data = ring, .dtype = kDTypeOf<T>, .stride = 1, .length = 2 * n}, 0, lines, team);
}

// The other way for its gradient.
template <class T>
void TransformEngine<T>::leave_filter(T* lines, const FilterRow& gradient, T* scratch, const Team& team) const {
  const std::int64_t n = transform_->n();
  const LagRange& lags = this->map().lags;
  if (taps_are_ring_ && this->spec().filter_length == lags.hi + 1) {
    const TapRow& k = gradient.forward;
    return leave(lines, {.data = k.data, .dtype = k.dtype, .stride = k.stride, .length = lags.hi + 1}, 0, team);
  }
  T *const ring = scratch, *const coefficients = scratch + 2 * n;
  leave(lines, {.data = ring, .dtype = kDTypeOf<T>, .stride = 1, .length = 2 * n}, 0, team);
  for (std::int64_t d = lags.lo; d <= lags.hi; ++d) coefficients[d - lags.lo] = d >= 0 ? ring[d] : -ring[2 * n + d];
  scatter_taps(this->kernels(), this->spec(), this->map(), coefficients, gradient);
}

// In place, where the spectrum is kept. It carries the inverse's 1/n.
template <class T>
void TransformEngine<T>::prepare(const FilterRow& filter, T* spectrum, T* scratch, const Team& team) const {
  enter_filter(filter, spectrum, scratch, team);
  CenterArgs<T> args = center_args(spectrum, nullptr, T(0));
  args.store = spectrum;
  transform_->run(CenterOp::kStore, args, team);
}

template <class T>
void TransformEngine<T>::forward(const RowSource& x, const T* spectrum, T skip, const RowSink& y, T* scratch, const Team& team) const {
  convolve_windows(this->map(), CenterOp::kMultiply, x, spectrum, skip, y, scratch, team);
}

template <class T>
void TransformEngine<T>::forward_bank(const RowSource& x, std::span<const T* const> spectra, T skip, std::span<const RowSink> y, T* scratch,
                                      const Team& team) const {
  T* const spectrum = scratch + 2 * transform_->n();
  for (std::int64_t i = 0, windows = window_count(this->map()); i < windows; ++i) {
    const Window w = window(this->map(), i);
    CenterArgs<T> down = center_args(spectrum, nullptr, skip);
    down.store = spectrum;
    down.scale = T(1);
    enter(x, w.input_begin, spectrum, team);
    transform_->run(CenterOp::kStore, down, team);
    for (std::size_t f = 0; f < y.size(); ++f) {
      CenterArgs<T> up = center_args(scratch, spectra[f], skip);
      up.other = spectrum;
      transform_->run(CenterOp::kProduct, up, team);
      leave(up.lines, part_of(y[f], w.output_begin, w.output_count), w.output_begin - w.input_begin, team);
      stop_point();
    }
  }
}

template <class T>
void TransformEngine<T>::convolve(const FilterRow& filter, const RowSource& x, T* spectrum, T skip, const RowSink& y, T* scratch,
                                  const Team& team) const {
  if (!one_window_) return RowEngine<T>::convolve(filter, x, spectrum, skip, y, scratch, team);
  enter_filter(filter, spectrum, scratch, team);
  const Window w = window(this->map(), 0);
  CenterArgs<T> args = center_args(scratch, nullptr, skip);
  args.other = spectrum;
  enter(x, w.input_begin, args.lines, team);
  transform_->run(CenterOp::kConvolve, args, team);
  leave(args.lines, y, -w.input_begin, team);
}

// x beside dy: in one linear window dy enters the same way for both gradients, so it is transformed once.
template <class T>
void TransformEngine<T>::backward(const RowSource& x, const RowSource& dy, const T* spectrum, T skip, const RowSink* dx, T* sum, T* scratch,
                                  const Team& team) const {
  const LagMap& map = this->map();
  CenterArgs<T> args = center_args(scratch, spectrum, skip);
  args.other = scratch + 2 * transform_->n();
  args.sum = sum;
  const bool together = one_window_ && !map.circular && dx && sum;
  for (std::int64_t i = 0, windows = sum ? window_count(map) : 0; i < windows; ++i) {
    const Window w = window(map, i);
    enter(x, w.input_begin, args.other, team);
    enter(dy.window(w.output_begin, w.output_count), w.input_begin - w.output_begin, args.lines, team);
    transform_->run(together ? CenterOp::kCorrelateMultiplyConj : CenterOp::kCorrelate, args, team);
  }
  if (together) {
    leave(args.lines, *dx, 0, team);
  } else if (dx) {
    convolve_windows(map.adjoint(), CenterOp::kMultiplyConj, dy, spectrum, skip, *dx, args.lines, team);
  }
}

template <class T>
void TransformEngine<T>::finish_gradient(T* sum, const FilterRow& gradient, T* scratch, const Team& team) const {
  transform_->run(CenterOp::kInverse, center_args(sum, nullptr, T(0)), team);
  leave_filter(sum, gradient, scratch, team);
}

template <class T>
void TransformEngine<T>::differentiate(const RowSource& x, const RowSource& dy, const T* spectrum, T skip, const RowSink* dx,
                                       const FilterRow& gradient, T* sum, T* scratch, const Team& team) const {
  if (!dx || !one_window_ || this->map().circular) {
    return RowEngine<T>::differentiate(x, dy, spectrum, skip, dx, gradient, sum, scratch, team);
  }
  CenterArgs<T> args = center_args(scratch, spectrum, skip);
  args.other = sum;
  enter(x, 0, args.other, team);
  enter(dy, 0, args.lines, team);
  transform_->run(CenterOp::kGradients, args, team);
  leave(args.lines, *dx, 0, team);
  leave_filter(args.other, gradient, scratch, team);
}

template class TransformEngine<float>;
template class TransformEngine<double>;

}  // namespace longwing::cpu
