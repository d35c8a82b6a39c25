// A warp's tile of 16 by 16 complex numbers, and its products with constant matrices on the tensor cores.
//
// layout    lane 4g + t holds rows g + 8h and columns 2t + i%2 + 8·(i/2) (policy/tensor_layout.h): the accumulators of two mma.m16n8k16
//           side by side. Rounded to float16 they are an operand as they lie: the left one of products over the columns that keep the
//           rows, or, transposed for free, the right one of products whose rows are new and whose columns are the old rows. So two
//           passes follow one another without an exchange: first a turning product, then a keeping one.
// matrix    W[new index][column], complex, in the same layout, whichever side it stands on: four real products. A symmetric form (cosines
//           and sines, two products, sums and differences after) would spare the tensor cores half and cost more instructions, and those
//           are what a kernel runs out of.
#pragma once

#include "core/complex.h"
#include "device/half.cuh"
#include "policy/tensor_layout.h"

namespace longwing::cuda {

/// Pairs of columns of a lane's rows of W, in the order in which the side it stands on wants them in neighbouring registers: row g,
/// row g + 8 of pair 0, then of pair 1, as the left one of turning products; pair 0, pair 1 of row g, then of row g + 8, as the right one.
struct alignas(16) TensorFragment {
  std::uint32_t pairs[4];
};

struct TensorTile {
  float re[2][4] = {}, im[2][4] = {};
};

/// A tile rounded to float16: columns 2t, 2t+1 in pair 0, 2t+8, 2t+9 in pair 1.
struct TensorOperand {
  std::uint32_t re[2][2], im[2][2];
};

LONGWING_HD TensorOperand round_tile(const TensorTile& x) {
  TensorOperand rounded;
  LONGWING_UNROLL
  for (int h = 0; h < 2; ++h) {
    LONGWING_UNROLL
    for (int pair = 0; pair < 2; ++pair) {
      rounded.re[h][pair] = to_float16_pair(x.re[h][2 * pair], x.re[h][2 * pair + 1]);
      rounded.im[h][pair] = to_float16_pair(x.im[h][2 * pair], x.im[h][2 * pair + 1]);
    }
  }
  return rounded;
}

/// d += W·x over the columns of x, for real parts or imaginary ones.
template <Rows kRows>
LONGWING_HD void multiply_columns(const TensorFragment& w, const std::uint32_t (&x)[2][2], float (&d)[2][4]) {
  LONGWING_UNROLL
  for (int half = 0; half < 2; ++half) {
    float sum[4] = {d[0][2 * half], d[0][2 * half + 1], d[1][2 * half], d[1][2 * half + 1]};
    if constexpr (kRows == Rows::kTurn) {
      const std::uint32_t right[2] = {x[half][0], x[half][1]};
      mma_m16n8k16(sum, w.pairs, right);
    } else {
      const std::uint32_t left[4] = {x[0][0], x[1][0], x[0][1], x[1][1]}, right[2] = {w.pairs[2 * half], w.pairs[2 * half + 1]};
      mma_m16n8k16(sum, left, right);
    }
    d[0][2 * half] = sum[0], d[0][2 * half + 1] = sum[1], d[1][2 * half] = sum[2], d[1][2 * half + 1] = sum[3];
  }
}

/// Real and imaginary parts of a matrix.
struct TensorMatrixParts {
  TensorFragment re, im;
};

/// W·x over the columns of x. Imaginary parts that are 0 on the way in, or asked for by nobody on the way out, cost nothing.
template <Rows kRows>
LONGWING_HD TensorTile multiply_columns(const TensorMatrixParts& w, const TensorOperand& x, bool enters_im = true, bool leaves_im = true) {
  TensorTile y;
  multiply_columns<kRows>(w.re, x.re, y.re);
  if (leaves_im) multiply_columns<kRows>(w.im, x.re, y.im);
  if (enters_im) {
    TensorFragment negative;
    LONGWING_UNROLL
    for (int pair = 0; pair < 4; ++pair) negative.pairs[pair] = w.im.pairs[pair] ^ 0x80008000u;
    multiply_columns<kRows>(negative, x.im, y.re);
    if (leaves_im) multiply_columns<kRows>(w.re, x.im, y.im);
  }
  return y;
}

/// x *= w, number by number.
LONGWING_HD void multiply_tile(TensorTile& x, const TensorTile& w) {
  LONGWING_UNROLL
  for (int h = 0; h < 2; ++h) {
    LONGWING_UNROLL
    for (int i = 0; i < 4; ++i) {
      const Complex<float> product = Complex<float>{x.re[h][i], x.im[h][i]} * Complex<float>{w.re[h][i], w.im[h][i]};
      x.re[h][i] = product.re;
      x.im[h][i] = product.im;
    }
  }
}

/// sum += x·x_scale·conj(y·y_scale), number by number.
LONGWING_HD void add_product(const TensorTile& x, const TensorTile& y, float x_scale, float y_scale, TensorTile& sum) {
  LONGWING_UNROLL
  for (int h = 0; h < 2; ++h) {
    LONGWING_UNROLL
    for (int i = 0; i < 4; ++i) {
      const Complex<float> a = {x.re[h][i] * x_scale, x.im[h][i] * x_scale}, b = {y.re[h][i] * y_scale, y.im[h][i] * y_scale};
      const Complex<float> total = multiply_conj_add(a, b, Complex<float>{sum.re[h][i], sum.im[h][i]});
      sum.re[h][i] = total.re;
      sum.im[h][i] = total.im;
    }
  }
}

/// A lane's eight numbers of tile `tile` of a table in the order of lane_number().
struct alignas(16) TensorPair {
  Complex<float> numbers[2];
};
LONGWING_HD TensorTile load_tile(const void* table, int tile, int lane) {
  TensorTile x;
  LONGWING_UNROLL
  for (int h = 0; h < 2; ++h) {
    LONGWING_UNROLL
    for (int i = 0; i < 4; i += 2) {
      const TensorPair pair = static_cast<const TensorPair*>(table)[lane_number(tile, lane, h, i) / 2];
      x.re[h][i] = pair.numbers[0].re, x.im[h][i] = pair.numbers[0].im;
      x.re[h][i + 1] = pair.numbers[1].re, x.im[h][i + 1] = pair.numbers[1].im;
    }
  }
  return x;
}
LONGWING_HD void store_tile(void* table, int tile, int lane, const TensorTile& x) {
  LONGWING_UNROLL
  for (int h = 0; h < 2; ++h) {
    LONGWING_UNROLL
    for (int i = 0; i < 4; i += 2) {
      static_cast<TensorPair*>(table)[lane_number(tile, lane, h, i) / 2] = {{{x.re[h][i], x.im[h][i]}, {x.re[h][i + 1], x.im[h][i + 1]}}};
    }
  }
}

}  // namespace longwing::cuda
