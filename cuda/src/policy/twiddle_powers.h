// Which powers of a node's factor a twiddle table keeps: 1, 2, 3 and 4, 8, 12, …; power q = 4a + b is one product of two of them.
#pragma once

namespace longwing::cuda {

/// Powers that a table keeps for a radix, and the power in a slot.
constexpr int kept_powers(int radix) { return radix < 4 ? radix - 1 : 3 + radix / 4 - 1; }
constexpr int kept_power(int slot) { return slot < 3 ? slot + 1 : 4 * (slot - 2); }

}  // namespace longwing::cuda
