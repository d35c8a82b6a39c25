// The oracle: the operation and its gradients by their definition, in double, over plain vectors. Never tuned.
#pragma once

#include <cstdint>
#include <vector>

#include "longwing/types.h"

namespace longwing::reference {

using Values = std::vector<double>;

/// Sizes and arrays of one call; absent arrays are empty. Arrays are contiguous, shapes as in the public interface.
struct Call {
  std::int64_t batch = 1, channels = 1, groups = 1, filters = 1, length = 1, taps = 1, reverse_taps = 0, output_length = 1;
  FilterKind kind = FilterKind::kShared;
  Mode mode = Mode::kCausal;
  ReverseLag reverse_lag = ReverseLag::kShifted;
  Activation activation = Activation::kNone;
  bool gate_per_filter = false;  ///< post_gate has the bank's axis
  Values u, k, reverse_filter, skip, pre_gate, post_gate, dy;

  std::int64_t bank() const { return kind == FilterKind::kBank ? filters : 1; }
};

/// y and the gradients of sum(dy·y), each of its argument's size.
struct Result {
  Values y, u, k, reverse_filter, skip, pre_gate, post_gate;
};

Result evaluate(const Call& call);

}  // namespace longwing::reference
