// The twiddles of a transform as one block of memory, computed in double or better on the host.
#pragma once

#include <cstddef>
#include <vector>

#include "policy/policy.h"

namespace longwing::cuda {

/// Pass p's table begins at byte offsets[p]: power slot s of node v at number s·nodes + v, see policy/twiddle_powers.h.
struct HostTwiddles {
  std::vector<std::byte> bytes;
  std::vector<std::size_t> offsets;
};

/// Tables of the passes of one transform, column passes first: the tree of rings of core/twiddle.h.
HostTwiddles make_twiddles(const std::vector<int>& radices, Arithmetic arithmetic);

}  // namespace longwing::cuda
