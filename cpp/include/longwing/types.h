// The enumerations of the operation and of the memory it works on.
#pragma once

#include <cstddef>
#include <cstdint>

namespace longwing {

/// Element types of arrays. Arithmetic is float64 for float64 and float32 for the others, but that a GPU's tensor cores multiply float16
/// numbers and add in float32 for float16 and bfloat16 rows of 256 to 16384 points (docs/gpu.md, Arithmetic).
enum class DType : std::uint8_t { kFloat32, kFloat64, kFloat16, kBFloat16 };

/// Which part of the linear convolution is returned; `kCircular` wraps it modulo the length.
enum class Mode : std::uint8_t { kCausal, kCircular, kSame, kFull, kValid };

/// Lag of tap j of the reverse filter: `kShifted` -(j+1), `kOverlapped` -j.
enum class ReverseLag : std::uint8_t { kShifted, kOverlapped };

/// Pointwise function after the skip term and before the post gate.
enum class Activation : std::uint8_t { kNone, kGelu, kSilu };

/// How the leading axis of a rank-3 filter is meant.
enum class FilterKind : std::uint8_t {
  kShared,     ///< (G,K): one filter for every sample
  kPerSample,  ///< (B,G,K): sample b has its own filters
  kBank,       ///< (C,G,K): C filters for every sample, output (...,C,H,M), M its length
};

/// Whose memory an array lies in.
enum class DeviceType : std::uint8_t { kCpu, kCuda };

/// One device: its type and, of CUDA devices, which.
struct Device {
  DeviceType type = DeviceType::kCpu;
  int index = 0;
  friend bool operator==(const Device&, const Device&) = default;
};

/// Bytes of one element.
constexpr std::size_t size_of(DType dtype) {
  switch (dtype) {
    case DType::kFloat64: return 8;
    case DType::kFloat32: return 4;
    default: return 2;
  }
}

/// The value's name in Python and in messages: "float32", "causal", "shifted", "gelu", "cuda".
const char* to_string(DType);
const char* to_string(Mode);
const char* to_string(ReverseLag);
const char* to_string(Activation);
const char* to_string(DeviceType);

}  // namespace longwing
