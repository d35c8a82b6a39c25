#include "cpu/spread.h"

#include <algorithm>

#include "longwing/threads.h"

namespace longwing::cpu {
namespace {

// So many threads, which may be taken to have the last cache in common, take crowded rows together, one after the other: two threads at
// (1,2,1048576) 2.1 -> 1.65 ns a sample.
constexpr int kSharingThreads = 8;

}  // namespace

Spread spread_rows(std::int64_t tasks, std::int64_t numbers, std::size_t size) {
  const int threads = num_threads();
  const bool together = threads <= kSharingThreads && is_crowded(numbers, size);
  if (together || (tasks < threads && numbers >= kTeamNumbers)) return {.workers = 1, .team = threads};
  return {.workers = static_cast<int>(std::clamp<std::int64_t>(tasks, 1, threads)), .team = 1};
}

}  // namespace longwing::cpu
