// What a plan is made for: the sizes and conventions of one long convolution.
#pragma once

#include <cstdint>

#include "longwing/types.h"

namespace longwing {

/// Sizes and conventions of y[b,h,t] = sum_j k[h,j] u[b,h,t-j]; batch, bank and per-sample come from the arrays.
struct ConvSpec {
  std::int64_t length = 0;          ///< L, samples of a row of u, >= 1
  std::int64_t filter_length = 0;   ///< K, taps, >= 1
  std::int64_t channels = 1;        ///< H, rows of one sample of u, >= 1
  std::int64_t groups = 0;          ///< G, filters; divides H; 0 means H
  std::int64_t reverse_length = 0;  ///< R, taps of the reverse filter, 0 for none
  Mode mode = Mode::kCausal;
  ReverseLag reverse_lag = ReverseLag::kShifted;
  DType dtype = DType::kFloat32;  ///< of u, gates and y
  Device device = {};

  friend bool operator==(const ConvSpec&, const ConvSpec&) = default;
};

/// The spec with groups filled in; a ValueError names the first argument that is out of range.
ConvSpec validated(ConvSpec spec);

/// Samples of a row of y: L (causal, circular, same), L+K-1 (full), max(L,K)-min(L,K)+1 (valid).
std::int64_t output_length(const ConvSpec& spec);

}  // namespace longwing
