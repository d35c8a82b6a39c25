#include "core/index_map.h"

#include <algorithm>

namespace longwing {
namespace {

// Largest distance of a reverse tap, 0 without one.
std::int64_t reverse_reach(const ConvSpec& spec) {
  if (spec.reverse_length == 0) return 0;
  return spec.reverse_lag == ReverseLag::kShifted ? spec.reverse_length : spec.reverse_length - 1;
}

}  // namespace

std::int64_t tap_origin(const ConvSpec& spec, bool reverse) {
  if (reverse) return spec.reverse_lag == ReverseLag::kShifted ? -1 : 0;
  switch (spec.mode) {
    case Mode::kSame: return -((spec.filter_length - 1) / 2);
    case Mode::kValid: return -(std::min(spec.length, spec.filter_length) - 1);
    default: return 0;
  }
}

LagMap lag_map(const ConvSpec& spec) {
  LagMap map{.input_length = spec.length, .output_length = output_length(spec), .lags = {}, .circular = spec.mode == Mode::kCircular};
  const std::int64_t origin = tap_origin(spec, false);
  const std::int64_t hi = origin + spec.filter_length - 1;
  const std::int64_t lo = std::min(origin, -reverse_reach(spec));
  if (map.circular) {
    map.lags.hi = std::min(hi, spec.length - 1);
    map.lags.lo = std::max(lo, map.lags.hi - (spec.length - 1));
  } else {
    map.lags = {std::max(lo, -(map.input_length - 1)), std::min(hi, map.output_length - 1)};
  }
  return map;
}

std::int64_t minimum_coefficients(const LagMap& map) {
  if (map.circular) return map.output_length + map.lags.span();
  return std::max({map.input_length + map.lags.hi, map.output_length - map.lags.lo, map.input_length, map.output_length});
}

}  // namespace longwing
