// The fused convolution of rows of float16 and bfloat16 on the tensor cores.
#pragma once

#include "block/row_sink.cuh"
#include "block/row_source.cuh"
#include "block/tensor_fft.cuh"

namespace longwing::cuda {

/// What multiplies a row's spectrum: Z·2^exponent as it is stored, with skip and as its adjoint where the call asks for it.
class SpectrumFactor {
 public:
  LONGWING_HD SpectrumFactor(const ConvolveArgs& args, const RowId& id, int n)
      : numbers_(static_cast<const unsigned char*>(args.spectrum) + id.filter_row * tensor_spectrum_bytes(n)),
        as_stored_(!args.skip.data && !args.conjugate),
        im_(args.conjugate ? -1.0f : 1.0f) {
    const int stored = *reinterpret_cast<const int*>(numbers_ + n * 8);
    exponent_ = -stored;
    if (!args.skip.data) return;
    // |skip·2^stored| < 2^size may be beyond all bounds: both are made smaller until it is at most 1/4.
    const float skip = channel_value<float>(args.skip, id.channel);
    const int size = stored - scale_exponent(__builtin_fabsf(skip), 0), excess = size + 2 > 0 ? size + 2 : 0;
    const int half = (stored - excess) / 2;
    skip_ = skip * power_of_two(half) * power_of_two(stored - excess - half);
    re_ = excess > 126 ? 0.0f : power_of_two(-excess);
    im_ *= re_;
    exponent_ += excess;
  }

  /// Results are to be multiplied by 2^this.
  LONGWING_HD int exponent() const { return exponent_; }

  LONGWING_HD void operator()(TensorTile& x, int tile, int lane) const {
    TensorTile z = load_tile(numbers_, tile, lane);
    if (!as_stored_) {
      LONGWING_UNROLL
      for (int h = 0; h < 2; ++h) {
        LONGWING_UNROLL
        for (int i = 0; i < 4; ++i) z.re[h][i] = fma(z.re[h][i], re_, skip_), z.im[h][i] *= im_;
      }
    }
    multiply_tile(x, z);
  }

 private:
  const unsigned char* numbers_;
  bool as_stored_;
  float re_ = 1, im_, skip_ = 0;
  int exponent_;
};

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
  const SpectrumFactor factor(args, id, kPolicy.n());
  fft.convolve([&](TensorTile& spectrum, int tile) { factor(spectrum, tile, thread % kWarpThreads); });
  fft.leave(factor.exponent() - exponent, x);
  if (active) store_row(args.epilogue, window, args.rows, id, segment, thread, step, own_slot, fft.stage(), x);
}

}  // namespace longwing::cuda
