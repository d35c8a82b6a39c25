// float16 and bfloat16 as storage: conversions that round to nearest even, on the device by one instruction, on the CPU by hand.
#pragma once

#include "device/compat.cuh"

namespace longwing::cuda {

struct Float16 {
  std::uint16_t bits;
};
struct BFloat16 {
  std::uint16_t bits;
};

LONGWING_HD float to_float(Float16 x) {
#if defined(__CUDA_ARCH__)
  float y;
  asm("cvt.f32.f16 %0, %1;" : "=f"(y) : "h"(x.bits));
  return y;
#else
  const std::uint32_t sign = static_cast<std::uint32_t>(x.bits & 0x8000u) << 16, rest = x.bits & 0x7fffu;
  if (rest >= 0x7c00u) return bit_cast<float>(sign | 0x7f800000u | (rest & 0x3ffu) << 13);
  if (rest >= 0x400u) return bit_cast<float>(sign | ((rest << 13) + (112u << 23)));
  const float magnitude = static_cast<float>(rest) * 0x1p-24f;
  return sign != 0 ? -magnitude : magnitude;
#endif
}

LONGWING_HD Float16 to_float16(float x) {
#if defined(__CUDA_ARCH__)
  std::uint16_t bits;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(x));
  return {bits};
#else
  const std::uint32_t all = bit_cast<std::uint32_t>(x), sign = all >> 16 & 0x8000u, rest = all & 0x7fffffffu;
  if (rest > 0x7f800000u) return {0x7fff};
  if (rest >= 0x477ff000u) return {static_cast<std::uint16_t>(sign | 0x7c00u)};
  if (rest < 0x38800000u) {  // subnormal: the addition rounds at the last bit of float16's smallest numbers
    const std::uint32_t rounded = bit_cast<std::uint32_t>(bit_cast<float>(rest) + 0.5f) - 0x3f000000u;
    return {static_cast<std::uint16_t>(sign | rounded)};
  }
  return {static_cast<std::uint16_t>(sign | (rest - (112u << 23) + 0xfffu + (rest >> 13 & 1u)) >> 13)};
#endif
}

LONGWING_HD float to_float(BFloat16 x) { return bit_cast<float>(static_cast<std::uint32_t>(x.bits) << 16); }

LONGWING_HD BFloat16 to_bfloat16(float x) {
#if defined(__CUDA_ARCH__)
  std::uint16_t bits;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(bits) : "f"(x));
  return {bits};
#else
  const std::uint32_t all = bit_cast<std::uint32_t>(x);
  if ((all & 0x7fffffffu) > 0x7f800000u) return {0x7fff};
  return {static_cast<std::uint16_t>((all + 0x7fffu + (all >> 16 & 1u)) >> 16)};
#endif
}

/// Two numbers rounded to float16, `low` in the lower half of the word: an operand of mma_m16n8k16, or a complex number.
LONGWING_HD std::uint32_t to_float16_pair(float low, float high) {
#if defined(__CUDA_ARCH__)
  std::uint32_t pair;
  asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
  return pair;
#else
  return to_float16(low).bits | static_cast<std::uint32_t>(to_float16(high).bits) << 16;
#endif
}
LONGWING_HD float low_half(std::uint32_t pair) { return to_float(Float16{static_cast<std::uint16_t>(pair)}); }
LONGWING_HD float high_half(std::uint32_t pair) { return to_float(Float16{static_cast<std::uint16_t>(pair >> 16)}); }

/// The lower halves of two words as one, and the upper halves.
LONGWING_HD std::uint32_t low_halves(std::uint32_t a, std::uint32_t b) {
#if defined(__CUDA_ARCH__)
  return __byte_perm(a, b, 0x5410);
#else
  return (a & 0xffffu) | b << 16;
#endif
}
LONGWING_HD std::uint32_t high_halves(std::uint32_t a, std::uint32_t b) {
#if defined(__CUDA_ARCH__)
  return __byte_perm(a, b, 0x7632);
#else
  return a >> 16 | (b & 0xffff0000u);
#endif
}

}  // namespace longwing::cuda
