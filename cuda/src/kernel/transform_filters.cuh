// Filter rows to their spectra.
#pragma once

#include "block/block_fft.cuh"
#include "block/tap_array.cuh"

namespace longwing::cuda {

/// formula   Z[v] = scale·FFT_n(kappa·w^j): kappa[d] at place d, for a lag d < 0 minus kappa[d] at 2n + d.
/// shapes    taps (filters, groups, count), any dtype and stride, or nodes > 1 split taps -> n·nodes complex numbers a filter row.
/// owner     block: kPolicy.rows units, a unit being (filter row, node), node fastest; a row's threads as in BlockFft.
/// shared    BlockFft's exchange buffer. barriers: BlockFft's.
/// needs     blocks = ceil(row_count·nodes / kPolicy.rows).
/// bytes     one read of the taps, one write of the spectrum.
template <class T, int Log2N>
__global__ void __launch_bounds__(row_policy<T>(Log2N).threads(), row_policy<T>(Log2N).min_blocks)
    transform_filters(const __grid_constant__ SpectrumArgs args) {
  using Fft = BlockFft<T, Log2N>;
  constexpr RowPolicy kPolicy = Fft::kPolicy;
  if constexpr (kPolicy.blocks > 1 && !kHasClusters) return;
  const auto [unit, slot, thread] = Fft::place(thread_index());
  const Division of_nodes = divide(unit, args.nodes);
  const int node = static_cast<int>(of_nodes.remainder);
  const std::int64_t row = args.first_row + of_nodes.quotient;
  const bool active = of_nodes.quotient < args.row_count;  // an idle unit still takes part in the barriers
  const auto step = [](int e) { return Fft::step(e); };
  const Fft fft(args.twiddles, slot, thread, node, args.nodes);

  Complex<T> x[Fft::kElements] = {};
  if (active && args.nodes == 1) {
    load_taps(args.filter, row, thread, step, [&](int e) { return fft.own_slot(e); }, fft.exchange(), x);
  } else if (active) {
    const auto* column = static_cast<const Complex<T>*>(args.columns) + unit * kPolicy.n() + thread;
    LONGWING_UNROLL
    for (int e = 0; e < Fft::kElements; ++e) x[e] = column[step(e)];
  }

  fft.forward(x);

  if (!active) return;
  const T scale = static_cast<T>(args.scale);
  auto* z = static_cast<Complex<T>*>(args.spectrum) + (row * args.nodes + node) * kPolicy.n() + thread;
  LONGWING_UNROLL
  for (int e = 0; e < Fft::kElements; ++e) z[e * Fft::kThreads] = {scale * x[e].re, scale * x[e].im};
}

}  // namespace longwing::cuda
