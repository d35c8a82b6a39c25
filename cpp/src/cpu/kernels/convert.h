// Elements of every dtype to the arithmetic type and back, contiguous or strided.
#pragma once

#include "cpu/kernels/simd.h"
#include "longwing/types.h"

namespace longwing::cpu {
namespace {

struct Half {
  _Float16 value;
  LONGWING_HD operator float() const { return static_cast<float>(value); }
  LONGWING_HD operator double() const { return static_cast<double>(value); }
  template <class T>
  LONGWING_HD static Half round(T x) {
    return {static_cast<_Float16>(x)};
  }
};

// bfloat16 is the upper half of a float32.
struct BFloat {
  std::uint16_t bits;
  LONGWING_HD operator float() const { return __builtin_bit_cast(float, static_cast<std::uint32_t>(bits) << 16); }
  LONGWING_HD operator double() const { return static_cast<float>(*this); }
  template <class T>
  LONGWING_HD static BFloat round(T x) {
    const auto value = static_cast<float>(x);
    auto word = __builtin_bit_cast(std::uint32_t, value);
    if constexpr (sizeof(T) > 4) {  // cut off with a sticky last bit, so that the second rounding is the only one
      const T back = static_cast<T>(value);
      if (back != x) word = (word - (__builtin_fabs(back) > __builtin_fabs(x) ? 1u : 0u)) | 1u;
    }
    const std::uint32_t rounded = (word + 0x7FFFu + ((word >> 16) & 1u)) >> 16;
    const std::uint32_t quiet_nan = (word >> 16) | 0x40u;
    return {static_cast<std::uint16_t>(value != value ? quiet_nan : rounded)};
  }
};

template <class T, class From>
void load_elements(T* dst, const From* src, std::int64_t stride, std::int64_t count) {
  if (stride == 1) {
    for (std::int64_t i = 0; i < count; ++i) dst[i] = static_cast<T>(src[i]);
  } else {
    for (std::int64_t i = 0; i < count; ++i) dst[i] = static_cast<T>(src[i * stride]);
  }
}

template <class To, class T>
LONGWING_HD To rounded(T x) {
  if constexpr (requires { To::round(x); }) return To::round(x);
  else return static_cast<To>(x);
}

template <class To, class T>
void store_elements(To* dst, std::int64_t stride, const T* src, std::int64_t count) {
  if (stride == 1) {
    for (std::int64_t i = 0; i < count; ++i) dst[i] = rounded<To>(src[i]);
  } else {
    for (std::int64_t i = 0; i < count; ++i) dst[i * stride] = rounded<To>(src[i]);
  }
}

#if defined(__F16C__)
// The compilers convert half one at a time; the instruction set does eight.
void load_contiguous_half(float* dst, const Half* src, std::int64_t count) {
  std::int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    _mm256_storeu_ps(dst + i, _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(src + i))));
  }
  load_elements(dst + i, src + i, 1, count - i);
}

void store_contiguous_half(Half* dst, const float* src, std::int64_t count) {
  std::int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(dst + i), _mm256_cvtps_ph(_mm256_loadu_ps(src + i), _MM_FROUND_TO_NEAREST_INT));
  }
  store_elements(dst + i, 1, src + i, count - i);
}
#endif

template <class T>
void load(T* dst, const void* src, DType dtype, std::int64_t stride, std::int64_t count) {
  switch (dtype) {
    case DType::kFloat32: return load_elements(dst, static_cast<const float*>(src), stride, count);
    case DType::kFloat64: return load_elements(dst, static_cast<const double*>(src), stride, count);
    case DType::kBFloat16: return load_elements(dst, static_cast<const BFloat*>(src), stride, count);
    case DType::kFloat16: break;
  }
#if defined(__F16C__)
  if constexpr (sizeof(T) == 4) {
    if (stride == 1) return load_contiguous_half(dst, static_cast<const Half*>(src), count);
  }
#endif
  load_elements(dst, static_cast<const Half*>(src), stride, count);
}

template <class T>
void store(void* dst, DType dtype, std::int64_t stride, const T* src, std::int64_t count) {
  switch (dtype) {
    case DType::kFloat32: return store_elements(static_cast<float*>(dst), stride, src, count);
    case DType::kFloat64: return store_elements(static_cast<double*>(dst), stride, src, count);
    case DType::kBFloat16: return store_elements(static_cast<BFloat*>(dst), stride, src, count);
    case DType::kFloat16: break;
  }
#if defined(__F16C__)
  if constexpr (sizeof(T) == 4) {
    if (stride == 1) return store_contiguous_half(static_cast<Half*>(dst), src, count);
  }
#endif
  store_elements(static_cast<Half*>(dst), stride, src, count);
}

}  // namespace
}  // namespace longwing::cpu
