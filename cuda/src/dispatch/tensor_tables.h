// The matrices and twiddles of rows on the tensor cores, as one block of memory in the order of policy/tensor_layout.h.
#pragma once

#include <cstddef>
#include <vector>

#include "policy/tensor_layout.h"

namespace longwing::cuda {

std::vector<std::byte> make_tensor_tables(const TensorPolicy& policy);

}  // namespace longwing::cuda
