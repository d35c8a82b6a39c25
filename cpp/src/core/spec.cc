#include "longwing/spec.h"

#include <algorithm>
#include <string>

#include "core/validation.h"
#include "longwing/error.h"

namespace longwing {
namespace {

// Sizes up to here can be added and doubled without overflow, and are far beyond any memory.
constexpr std::int64_t kMaxExtent = std::int64_t{1} << 48;

void check_extent(const char* argument, std::int64_t value, std::int64_t least) {
  if (value < least || value > kMaxExtent) {
    throw ValueError(std::string(argument) + " must be in [" + std::to_string(least) + ", 2**48], got " + std::to_string(value));
  }
}

}  // namespace

ConvSpec validated(ConvSpec spec) {
  check_extent("length", spec.length, 1);
  check_extent("filter_length", spec.filter_length, 1);
  check_extent("channels", spec.channels, 1);
  check_extent("reverse_length", spec.reverse_length, 0);
  if (spec.groups == 0) spec.groups = spec.channels;
  check_extent("groups", spec.groups, 1);
  if (spec.channels % spec.groups != 0) {
    throw ValueError("groups must divide channels: got groups=" + std::to_string(spec.groups) +
                     ", channels=" + std::to_string(spec.channels));
  }
  if (spec.reverse_length > 0 && spec.mode != Mode::kCausal && spec.mode != Mode::kCircular) {
    throw ValueError("reverse_filter (reverse_length=" + std::to_string(spec.reverse_length) +
                     ") is supported in modes causal and circular, got mode=" + to_string(spec.mode));
  }
  if (spec.reverse_length == 0) spec.reverse_lag = ReverseLag::kShifted;
  return spec;
}

std::int64_t output_length(const ConvSpec& spec) {
  const std::int64_t longer = std::max(spec.length, spec.filter_length), shorter = std::min(spec.length, spec.filter_length);
  switch (spec.mode) {
    case Mode::kFull: return longer + shorter - 1;
    case Mode::kValid: return longer - shorter + 1;
    default: return spec.length;
  }
}

}  // namespace longwing
