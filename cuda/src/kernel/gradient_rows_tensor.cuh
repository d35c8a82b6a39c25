// Both gradients of rows of float16 and bfloat16 on the tensor cores: du and the filter's partial sums from one transform of dc.
#pragma once

#include "block/row_sink.cuh"
#include "block/row_source.cuh"
#include "block/run_part.cuh"
#include "block/spectrum_factor.cuh"
#include "block/tensor_fft.cuh"

namespace longwing::cuda {

/// formula   partial[f][run] (+)= sum over the run's rows and their segments of G·conj(X), G = FFT(dc), X = FFT(x);
///           du = IFFT(G·conj(Z + D)) of the same rows where args.wants_du.
/// shapes    rows of two arrays through a window each -> n complex float32 a filter row and run, in the order of spectrum_number(); rows.
/// owner     block: kPolicy.rows units, a unit being (filter row, run): it takes its rows in their order, so that sums have one order.
/// shared    TensorFft's. barriers: TensorFft's; units of a block pass them equally often, idle where they have fewer rows.
/// needs     blocks = ceil(filter_row_count·runs / kPolicy.rows); kPolicy.gradient: sums and X stay in registers.
/// bytes     one read of both inputs, one write of du and of the partial sums; spectrum and twiddles from L2 or L1.
template <int Log2N>
__global__ void __launch_bounds__(tensor_policy(Log2N).threads(), 1) gradient_rows_tensor(const __grid_constant__ RowGradientArgs args) {
  using Fft = TensorFft<Log2N>;
  constexpr TensorPolicy kPolicy = Fft::kPolicy;
  const FilterGradientArgs& filter = args.filter;
  const int slot = thread_index() / Fft::kThreads, thread = thread_index() % Fft::kThreads;
  const std::int64_t unit = static_cast<std::int64_t>(block_index()) * kPolicy.rows + slot;
  const RunPart part(filter, unit);
  const auto step = [](int e) { return Fft::step(e); };
  const auto enters_im = [](const Window& window) { return window.ahead > window.n || window.behind > 0; };
  const Window& window = filter.dy.window;
  const Fft of_x(args.tensor_tables, slot, thread, enters_im(filter.x.window), false);
  const Fft fft(args.tensor_tables, slot, thread, enters_im(window), window.step > window.n);
  const auto own_slot = [&](int e) { return fft.own_slot(e); };
  auto* const partial = static_cast<Complex<float>*>(filter.partials) + unit * kPolicy.n();

  TensorTile sum[Fft::kTilesEach];
  if (part.active && filter.add) {
    LONGWING_UNROLL
    for (int index = 0; index < Fft::kTilesEach; ++index) sum[index] = load_tile(partial, fft.tile(index), fft.lane());
  }
  LONGWING_NO_UNROLL
  for (int index = part.begin; index < part.begin + part.steps; ++index) {
    const bool mine = part.active && index < part.end;
    const RowId id = row_id(filter.rows, mine ? part.first_row + index : 0);
    LONGWING_NO_UNROLL
    for (int segment = 0; segment < window.segments; ++segment) {
      Complex<float> points[Fft::kElements] = {};
      if (mine) load_row(filter.x, filter.rows, id, segment, thread, step, own_slot, fft.stage(), points);
      const int x_exponent = of_x.enter(points);
      TensorTile x[Fft::kTilesEach];
      of_x.transform([&](const TensorTile& spectrum, int tile) { x[tile] = spectrum; }, false);

      LONGWING_UNROLL
      for (int e = 0; e < Fft::kElements; ++e) points[e] = {};
      if (mine) load_row(filter.dy, filter.rows, id, segment, thread, step, own_slot, fft.stage(), points);
      const int exponent = fft.enter(points);
      const float x_scale = power_of_two(-x_exponent), scale = power_of_two(-exponent);
      const SpectrumFactor factor(args.spectrum, args.skip, true, id, kPolicy.n());
      fft.transform(
          [&](TensorTile& spectrum, int tile) {
            add_product(spectrum, x[tile], scale, x_scale, sum[tile]);
            if (args.wants_du) factor(spectrum, fft.tile(tile), fft.lane());
          },
          args.wants_du);
      if (!args.wants_du) continue;
      fft.leave(factor.exponent() - exponent, points);
      if (mine) store_row(args.epilogue, window, filter.rows, id, segment, thread, step, own_slot, fft.stage(), points);
    }
  }
  if (!part.active) return;
  LONGWING_UNROLL
  for (int index = 0; index < Fft::kTilesEach; ++index) store_tile(partial, fft.tile(index), fft.lane(), sum[index]);
}

}  // namespace longwing::cuda
