// Filter rows to their spectra for convolve_rows_tensor.
#pragma once

#include "block/row_scale.cuh"
#include "block/spectrum_order.cuh"
#include "block/tap_array.cuh"

namespace longwing::cuda {

/// formula   Z[v]·2^s of transform_filters in float32, without 1/n, s such that all of a row's numbers are below 1 and some of 1/4 at
/// least. shapes    taps (filters, groups, count), any dtype and stride -> n complex numbers a filter row in the order of
/// spectrum_number(), then s. owner     block: kPolicy.rows filter rows; a row's threads as in BlockFft. shared    BlockFft's exchange
/// buffer, then a number for each warp of a row. barriers: BlockFft's, one of largest_of_row. needs     blocks = ceil(row_count /
/// kPolicy.rows); nodes == 1. bytes one read of the taps, one write of the spectrum.
template <int Log2N>
__global__ void __launch_bounds__(row_policy<float>(Log2N).threads(), 1)
    transform_filters_tensor(const __grid_constant__ SpectrumArgs args) {
  using Fft = BlockFft<float, Log2N>;
  constexpr RowPolicy kPolicy = Fft::kPolicy;
  constexpr int kExchangeFloats = kPolicy.shared_bytes(sizeof(float)) / static_cast<int>(sizeof(float));
  const int slot = thread_index() / Fft::kThreads, thread = thread_index() % Fft::kThreads;
  const std::int64_t local_row = static_cast<std::int64_t>(block_index()) * kPolicy.rows + slot, row = args.first_row + local_row;
  const bool active = local_row < args.row_count;  // an idle unit still takes part in the barriers
  const auto step = [](int e) { return Fft::step(e); };
  const Fft fft(args.twiddles, slot, thread, 0, 1);

  Complex<float> x[Fft::kElements] = {};
  if (active) load_taps(args.filter, row, thread, step, [&](int e) { return fft.own_slot(e); }, fft.exchange(), x);
  fft.forward(x);

  float largest = 0;
  LONGWING_UNROLL
  for (int e = 0; e < Fft::kElements; ++e) largest = larger_magnitude(x[e].im, larger_magnitude(x[e].re, largest));
  largest = largest_of_row<Fft::kThreads>(largest, thread, shared_memory<float>() + kExchangeFloats + slot * TensorPolicy::kMostWarps);
  if (!active) return;
  const int exponent = scale_exponent(largest, -1);
  const float scale = power_of_two(exponent);
  auto* const spectrum = static_cast<unsigned char*>(args.spectrum) + row * tensor_spectrum_bytes(kPolicy.n());
  if (thread == 0) *reinterpret_cast<int*>(spectrum + kPolicy.n() * 8) = exponent;
  auto* const z = reinterpret_cast<Complex<float>*>(spectrum);
  LONGWING_UNROLL
  for (int e = 0; e < Fft::kElements; ++e) {
    z[TensorOrder<Log2N>::number(thread, e)] = {scale * x[e].re, scale * x[e].im};
  }
}

}  // namespace longwing::cuda
