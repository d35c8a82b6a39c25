// The fused convolution of rows that fit one block.
#pragma once

#include "block/block_fft.cuh"
#include "block/row_sink.cuh"
#include "block/row_source.cuh"

namespace longwing::cuda {

/// formula   c = w^-j · IFFT_n( FFT_n(z·w^j) · (Z_k + D/n) ), z[j] = x[j] + i·x[j+n], w^n = i: the right-angle convolution
///           (docs/mathematics.md); the tree of rings holds the twist in its twiddles. args.conjugate: conj(Z_k), the adjoint.
/// shapes    rows of args.source through a window -> args.epilogue; or, nodes > 1, rows of args.columns in place.
/// owner     block: Policy.rows units, a unit being (row, segment, node), node fastest; a row's threads as in BlockFft.
/// shared    BlockFft's exchange buffer. barriers: BlockFft's.
/// needs     blocks = ceil(row_count·segments·nodes / kPolicy.rows); the spectrum in the policy's order, scaled by 1/(n·nodes).
/// bytes     one read of the inputs, one write of the outputs, the spectrum once a unit (from L2 after the first).
template <class T, int Log2N>
__global__ void __launch_bounds__(row_policy<T>(Log2N).threads(), row_policy<T>(Log2N).min_blocks)
    convolve_rows(const __grid_constant__ ConvolveArgs args) {
  using Fft = BlockFft<T, Log2N>;
  constexpr RowPolicy kPolicy = Fft::kPolicy;
  if constexpr (kPolicy.blocks > 1 && !kHasClusters) return;
  const auto [unit, slot, thread] = Fft::place(thread_index());
  const Division of_nodes = divide(unit, args.nodes), of_segments = divide(of_nodes.quotient, args.source.window.segments);
  const int node = static_cast<int>(of_nodes.remainder), segment = static_cast<int>(of_segments.remainder);
  const std::int64_t local_row = of_segments.quotient;
  const bool active = local_row < args.row_count;  // an idle unit still takes part in the barriers
  const RowId id = row_id(args.rows, args.first_row + (active ? local_row : 0));
  const auto step = [](int e) { return Fft::step(e); };
  const Fft fft(args.twiddles, slot, thread, node, args.nodes);
  const auto own_slot = [&](int e) { return fft.own_slot(e); };
  auto* const column = static_cast<Complex<T>*>(args.columns) + unit * kPolicy.n() + thread;

  Complex<T> x[Fft::kElements] = {};
  if (active && args.nodes == 1) load_row(args.source, args.rows, id, segment, thread, step, own_slot, fft.exchange(), x);
  if (active && args.nodes > 1) {
    LONGWING_UNROLL
    for (int e = 0; e < Fft::kElements; ++e) x[e] = column[step(e)];
  }

  fft.forward(x);

  const auto* z = static_cast<const Complex<T>*>(args.spectrum) + (id.filter_row * args.nodes + node) * kPolicy.n() + thread;
  const T skip = args.skip.data ? channel_value<T>(args.skip, id.channel) / static_cast<T>(args.nodes * kPolicy.n()) : T(0);
  const T turn = args.conjugate ? T(-1) : T(1);
  LONGWING_UNROLL
  for (int e = 0; e < Fft::kElements; ++e) {
    const Complex<T> factor = z[e * Fft::kThreads];
    x[e] = x[e] * Complex<T>{factor.re + skip, turn * factor.im};
  }

  fft.inverse(x);

  if (active && args.nodes == 1) {
    store_row(args.epilogue, args.source.window, args.rows, id, segment, thread, step, own_slot, fft.exchange(), x);
  }
  if (active && args.nodes > 1) {
    LONGWING_UNROLL
    for (int e = 0; e < Fft::kElements; ++e) column[step(e)] = x[e];
  }
}

}  // namespace longwing::cuda
