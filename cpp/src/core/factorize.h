// Choosing a transform length and its radices.
#pragma once

#include <cstdint>
#include <vector>

namespace longwing {

/// n = lanes · product(radices): `lanes` nodes come from the first pass, each split further by the radices in order.
struct Factorization {
  std::int64_t n = 0;
  int lanes = 1;
  std::vector<int> radices;
  double cost = 0;  ///< modelled vector operations of one transform

  std::int64_t lines() const { return n / lanes; }
};

/// What the length choice needs to know of a machine.
struct VectorUnit {
  int lanes = 1;       ///< elements of a vector
  int registers = 16;  ///< vector registers: what a butterfly may hold without spilling
};

/// The radices that have a pass, and those that may come last (fused with the product).
bool is_radix(int radix);
bool is_center_radix(int radix);

/// The cheapest supported n >= minimum, in the order its passes run.
Factorization choose_length(std::int64_t minimum, const VectorUnit& unit);

}  // namespace longwing
