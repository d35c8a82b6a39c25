// How the rows of a call are spread over the threads.
#pragma once

#include <cstddef>
#include <cstdint>

namespace longwing::cpu {

/// How many threads take whole rows, and how many share one; one of the two is 1.
struct Spread {
  int workers = 1;
  int team = 1;
};

/// Below this many numbers a row's passes are shorter than handing them to another thread.
constexpr std::int64_t kTeamNumbers = 65536;

/// Whether rows of this size push one another out of the last cache where each thread has its own.
constexpr bool is_crowded(std::int64_t numbers, std::size_t size) {
  return static_cast<std::size_t>(numbers) * size >= std::size_t{8} << 20;
}

/// For `tasks` rows that a team can share, of `numbers` numbers of `size` bytes each; of 0 where it can't.
Spread spread_rows(std::int64_t tasks, std::int64_t numbers, std::size_t size);

}  // namespace longwing::cpu
