// A filter row's spectrum as the tensor cores' kernels multiply by it.
#pragma once

#include "block/row_scale.cuh"
#include "thread/storage.cuh"
#include "thread/tensor_tile.cuh"

namespace longwing::cuda {

/// What multiplies a row's spectrum: Z·2^exponent as it is stored, with skip and as its adjoint where the call asks for it.
class SpectrumFactor {
 public:
  LONGWING_HD SpectrumFactor(const void* spectrum, const ChannelArray& skip, bool conjugate, const RowId& id, int n)
      : numbers_(static_cast<const unsigned char*>(spectrum) + id.filter_row * tensor_spectrum_bytes(n)),
        as_stored_(!skip.data && !conjugate),
        im_(conjugate ? -1.0f : 1.0f) {
    const int stored = *reinterpret_cast<const int*>(numbers_ + n * 8);
    exponent_ = -stored;
    if (!skip.data) return;
    // |skip·2^stored| < 2^size may be beyond all bounds: both are made smaller until it is at most 1/4.
    const float value = channel_value<float>(skip, id.channel);
    const int size = stored - scale_exponent(__builtin_fabsf(value), 0), excess = size + 2 > 0 ? size + 2 : 0;
    const int half = (stored - excess) / 2;
    skip_ = value * power_of_two(half) * power_of_two(stored - excess - half);
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

}  // namespace longwing::cuda
