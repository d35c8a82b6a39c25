// Random calls of the operation over every mode, filter kind and argument.
#pragma once

#include <cstdint>

#include "../cpp/random_values.h"
#include "reference/convolution.h"

namespace longwing::cuda {

reference::Call random_call(Random& random, std::int64_t longest);

/// A plain causal call of `length` samples and `taps` taps, normal values.
reference::Call causal_call(Random& random, std::int64_t batch, std::int64_t channels, std::int64_t length, std::int64_t taps);

}  // namespace longwing::cuda
