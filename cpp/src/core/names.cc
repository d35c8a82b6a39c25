// Names of enumerators, as they are spelt in Python and in messages.
#include "longwing/types.h"
#include "longwing/version.h"

#define LONGWING_TEXT_(x) #x
#define LONGWING_TEXT(x) LONGWING_TEXT_(x)

namespace longwing {

const char* to_string(DType dtype) {
  switch (dtype) {
    case DType::kFloat32: return "float32";
    case DType::kFloat64: return "float64";
    case DType::kFloat16: return "float16";
    case DType::kBFloat16: return "bfloat16";
  }
  return "unknown";
}

const char* to_string(Mode mode) {
  switch (mode) {
    case Mode::kCausal: return "causal";
    case Mode::kCircular: return "circular";
    case Mode::kSame: return "same";
    case Mode::kFull: return "full";
    case Mode::kValid: return "valid";
  }
  return "unknown";
}

const char* to_string(ReverseLag lag) { return lag == ReverseLag::kShifted ? "shifted" : "overlapped"; }

const char* to_string(Activation activation) {
  switch (activation) {
    case Activation::kNone: return "none";
    case Activation::kGelu: return "gelu";
    case Activation::kSilu: return "silu";
  }
  return "unknown";
}

const char* to_string(DeviceType type) { return type == DeviceType::kCpu ? "cpu" : "cuda"; }

const char* version() {
  return LONGWING_TEXT(LONGWING_VERSION_MAJOR) "." LONGWING_TEXT(LONGWING_VERSION_MINOR) "." LONGWING_TEXT(LONGWING_VERSION_PATCH);
}

}  // namespace longwing
