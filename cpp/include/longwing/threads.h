// The CPU thread pool's size and the instruction set in use.
#pragma once

#include <string>
#include <vector>

namespace longwing {

/// Threads one call of the calling thread may use, that thread included. Default: LONGWING_NUM_THREADS, else the cores this process may run
/// on.
int num_threads();
/// Takes effect at the next call of any thread; ValueError below 1 or above 1024. Results do not depend on it.
void set_num_threads(int count);
/// Lets calls of the calling thread use no more than `count` threads, whatever set_num_threads allows; 0 lifts the limit.
/// Returns the previous limit, for the caller to restore. For frameworks with a thread count of their own.
int limit_threads(int count);

/// The instruction set whose kernels run: "base", "avx2", "avx512" or "neon". LONGWING_ISA forces one.
std::string isa();
/// Every instruction set that is compiled in and that this machine has, weakest first.
std::vector<std::string> available_isas();

}  // namespace longwing
