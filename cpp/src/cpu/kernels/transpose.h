// Matrices of any stride, transposed block by block in registers.
#pragma once

#include "cpu/kernels/simd.h"

namespace longwing::cpu {
namespace {

/// x[i], lane j  <->  x[j], lane i: first inside the chunks of 128 bits, then of whole chunks.
template <class T>
LONGWING_HD void transpose_block(Vec<T>* x) {
  constexpr int A = kChunks<T>, B = kChunk<T>;
#pragma GCC unroll 8
  for (int group = 0; group < A; ++group) transpose_in_chunks(x + group * B);
#pragma GCC unroll 4
  for (int i = 0; i < B; ++i) {
    Vec<T> chunks[A];
#pragma GCC unroll 4
    for (int group = 0; group < A; ++group) chunks[group] = x[group * B + i];
    transpose_chunks(chunks);
#pragma GCC unroll 4
    for (int group = 0; group < A; ++group) x[group * B + i] = chunks[group];
  }
}

/// dst[c·dst_stride + r] = src[r·src_stride + c] for r < rows, c < columns; nothing else is touched.
template <class T>
void transpose(T* dst, std::int64_t dst_stride, const T* src, std::int64_t src_stride, std::int64_t rows, std::int64_t columns) {
  constexpr int kLanes = Vec<T>::kLanes;
  const auto part = [](std::int64_t rest) { return static_cast<int>(rest < kLanes ? rest : kLanes); };
  for (std::int64_t r = 0; r < rows; r += kLanes) {
    const int height = part(rows - r);
    for (std::int64_t c = 0; c < columns; c += kLanes) {
      const int width = part(columns - c);
      const T* const from = src + r * src_stride + c;
      T* const to = dst + c * dst_stride + r;
      Vec<T> x[kLanes];
      if (height == kLanes && width == kLanes) {
#pragma GCC unroll 16
        for (int i = 0; i < kLanes; ++i) x[i] = Vec<T>::load(from + i * src_stride);
        transpose_block(x);
#pragma GCC unroll 16
        for (int i = 0; i < kLanes; ++i) x[i].store(to + i * dst_stride);
      } else {
        for (int i = 0; i < kLanes; ++i) x[i] = i < height ? load_partial(from + i * src_stride, width) : Vec<T>(0.0);
        transpose_block(x);
        for (int i = 0; i < width; ++i) store_partial(to + i * dst_stride, x[i], height);
      }
    }
  }
}

}  // namespace
}  // namespace longwing::cpu
