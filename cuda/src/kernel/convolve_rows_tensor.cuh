// The fused convolution of rows of float16 and bfloat16 on the tensor cores.
#pragma once

#include "block/row_sink.cuh"
#include "block/row_source.cuh"
#include "block/spectrum_factor.cuh"
#include "block/tensor_fft.cuh"

namespace longwing::cuda {

/// formula   that of convolve_rows, in float16 operands with float32 sums; rows and filters scaled by powers of two.
/// shapes    rows of args.source through a window -> args.epilogue; nodes == 1.
/// owner     block: kPolicy.rows units, a unit being (row, segment); a row's threads as in TensorFft.
/// shared    TensorFft's. barriers: TensorFft's.
/// needs     blocks = ceil(row_count·segments / kPolicy.rows); args.tensor_tables; the spectrum by transform_filters_tensor.
/// bytes     one read of the inputs, one write of the outputs; spectrum and two tables of twiddles once a unit, from L2 or L1.
template <int Log2N>
__global__ void __launch_bounds__(tensor_policy(Log2N).threads(), tensor_policy(Log2N).min_blocks)
    convolve_rows_tensor(const __grid_constant__ ConvolveArgs args) {
  using Fft = TensorFft<Log2N>;
  constexpr TensorPolicy kPolicy = Fft::kPolicy;
  const int slot = thread_index() / Fft::kThreads, thread = thread_index() % Fft::kThreads;
  const std::int64_t unit = static_cast<std::int64_t>(block_index()) * kPolicy.rows + slot;
  const Division of_segments = divide(unit, args.source.window.segments);
  const int segment = static_cast<int>(of_segments.remainder);
  const bool active = of_segments.quotient < args.row_count;  // an idle unit still takes part in the barriers
  const RowId id = row_id(args.rows, args.first_row + (active ? of_segments.quotient : 0));
  const Window& window = args.source.window;
  const Fft fft(args.tensor_tables, slot, thread, window.ahead > window.n || window.behind > 0, window.step > window.n);
  const auto step = [](int e) { return Fft::step(e); };
  const auto own_slot = [&](int e) { return fft.own_slot(e); };

  Complex<float> x[Fft::kElements] = {};
  if (active) load_row(args.source, args.rows, id, segment, thread, step, own_slot, fft.stage(), x);
  const int exponent = fft.enter(x);
  const SpectrumFactor factor(args.spectrum, args.skip, args.conjugate, id, kPolicy.n());
  fft.transform([&](TensorTile& spectrum, int index) { factor(spectrum, fft.tile(index), fft.lane()); }, true);
  fft.leave(factor.exponent() - exponent, x);
  if (active) store_row(args.epilogue, window, args.rows, id, segment, thread, step, own_slot, fft.stage(), x);
}

}  // namespace longwing::cuda
