// How the rows of a spec are transformed: the length, its passes, and the windows through which rows enter.
#pragma once

#include <cstdint>
#include <vector>

#include "core/index_map.h"
#include "device/arguments.h"
#include "policy/policy.h"

namespace longwing::cuda {

/// n = 2^log2n points, split by `column_radices` into nodes of 2^row_log2n points that fit a block; without them one pass does a row.
struct TransformShape {
  int log2n = 0, row_log2n = 0;
  std::vector<int> column_radices;
  Window forward;     ///< u to y
  Window adjoint;     ///< dy to du, and dy to the filter's gradient
  Window correlated;  ///< u to the filter's gradient: what meets the samples of `adjoint`
  double cost = 0;    ///< of a row, see modelled_cost()

  std::int64_t n() const { return std::int64_t{1} << log2n; }
  int nodes() const { return 1 << (log2n - row_log2n); }
};

/// Radices of the column passes and the row that is left, for n = 2^log2n and rows of at most 2^max_row_log2n.
std::vector<int> column_radices(int log2n, int max_row_log2n, int& row_log2n);

/// The cheapest shape: one segment, or overlap-save in shorter ones. RuntimeError where even the longest transform is too short.
TransformShape choose_shape(const LagMap& map, int max_row_log2n);

}  // namespace longwing::cuda
