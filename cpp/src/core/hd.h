// The macros: the qualifier of functions that host and device call, inlined always, and whether to unroll the loop that follows.
// A build for the sanitizers defines them emptier, because it compiles unrolled and inlined kernels in minutes.
#pragma once

#if defined(__CUDACC__)
#define LONGWING_HD __host__ __device__ __forceinline__
#define LONGWING_UNROLL _Pragma("unroll")
#define LONGWING_NO_UNROLL _Pragma("unroll 1")
#elif defined(LONGWING_COMPACT)
#define LONGWING_HD inline
#define LONGWING_UNROLL
#define LONGWING_NO_UNROLL
#else
#define LONGWING_HD __attribute__((always_inline)) inline
#define LONGWING_UNROLL _Pragma("GCC unroll 64")
#define LONGWING_NO_UNROLL _Pragma("GCC unroll 1")
#endif
