// The fused convolution of filters that have few rows: their spectra never leave the registers.
#pragma once

#include "block/block_fft.cuh"
#include "block/row_sink.cuh"
#include "block/row_source.cuh"
#include "block/tap_array.cuh"

namespace longwing::cuda {

/// formula   those of transform_filters and convolve_rows, with the same bits.
/// shapes    taps, and the rows of args.convolve.source of all filter rows of args.filter -> args.convolve.epilogue; nodes == 1.
/// owner     block: kPolicy.rows units, a unit being a filter row: it transforms the taps, then takes its rows one by one.
/// shared    BlockFft's exchange buffer. barriers: BlockFft's, one between its forward transforms.
/// needs     blocks = ceil(row_count of the filter / kPolicy.rows); kPolicy without stash: registers hold a spectrum beside a row.
/// bytes     one read of taps and inputs, one write of the outputs.
template <class T, int Log2N>
__global__ void __launch_bounds__(row_policy<T>(Log2N).threads(), 1) convolve_filters(const __grid_constant__ FilterConvolveArgs args) {
  using Fft = BlockFft<T, Log2N>;
  constexpr RowPolicy kPolicy = Fft::kPolicy;
  static_assert(!kPolicy.stash && kPolicy.blocks == 1);
  const ConvolveArgs& convolve = args.convolve;
  const auto [unit, slot, thread] = Fft::place(thread_index());
  const bool active = unit < args.filter.row_count;  // an idle unit still takes part in the barriers
  const std::int64_t filter_row = args.filter.first_row + (active ? unit : 0), each = convolve.rows.rows_per_filter();
  const auto step = [](int e) { return Fft::step(e); };
  const Fft fft(convolve.twiddles, slot, thread, 0, 1);
  const auto own_slot = [&](int e) { return fft.own_slot(e); };

  Complex<T> z[Fft::kElements] = {};
  if (active) load_taps(args.filter.filter, filter_row, thread, step, own_slot, fft.exchange(), z);
  fft.forward(z);
  fft.begin_again();
  const T scale = static_cast<T>(args.filter.scale);
  LONGWING_UNROLL
  for (int e = 0; e < Fft::kElements; ++e) z[e] = {scale * z[e].re, scale * z[e].im};

  LONGWING_NO_UNROLL
  for (std::int64_t index = 0; index < each; ++index) {
    const RowId id = row_id(convolve.rows, filter_row * each + index);
    const T skip = convolve.skip.data ? channel_value<T>(convolve.skip, id.channel) / static_cast<T>(kPolicy.n()) : T(0);
    LONGWING_NO_UNROLL
    for (int segment = 0; segment < convolve.source.window.segments; ++segment) {
      Complex<T> x[Fft::kElements] = {};
      if (active) load_row(convolve.source, convolve.rows, id, segment, thread, step, own_slot, fft.exchange(), x);
      fft.forward(x);
      LONGWING_UNROLL
      for (int e = 0; e < Fft::kElements; ++e) x[e] = x[e] * Complex<T>{z[e].re + skip, z[e].im};
      fft.inverse(x);
      if (!active) continue;
      store_row(convolve.epilogue, convolve.source.window, convolve.rows, id, segment, thread, step, own_slot, fft.exchange(), x);
    }
  }
}

}  // namespace longwing::cuda
