// Which rows of a filter's gradient a unit of a block adds up.
#pragma once

#include "device/arguments.h"

namespace longwing::cuda {

/// The part of one run of rows that a launch does, for one node of them: see FilterGradientArgs. All units of a block do as many steps as
/// the longest run asks for, idle ones at indices from `end` on.
struct RunPart {
  int node, local_row, begin, end, steps;
  std::int64_t first_row;  ///< row of index 0
  bool active;

  LONGWING_HD RunPart(const FilterGradientArgs& args, std::int64_t unit) {
    const Division of_nodes = divide(unit, args.nodes), of_runs = divide(of_nodes.quotient, args.runs);
    node = static_cast<int>(of_nodes.remainder);
    local_row = static_cast<int>(of_runs.quotient);
    active = local_row < args.filter_row_count;
    const int run = static_cast<int>(of_runs.remainder), each = static_cast<int>(args.rows.rows_per_filter());
    const int first_index = static_cast<int>(args.first_index), end_index = first_index + static_cast<int>(args.index_count);
    const int run_begin = static_cast<int>(static_cast<std::int64_t>(run) * each / args.runs);
    const int run_end = static_cast<int>(static_cast<std::int64_t>(run + 1) * each / args.runs);
    const int longest = (each + args.runs - 1) / args.runs;
    begin = run_begin > first_index ? run_begin : first_index;
    end = run_end < end_index ? run_end : end_index;
    steps = longest < end_index - first_index ? longest : end_index - first_index;
    first_row = (args.first_filter_row + local_row) * each;
  }
};

}  // namespace longwing::cuda
