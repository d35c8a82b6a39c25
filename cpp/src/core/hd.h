// The one qualifier macro: inlined always, and callable on host and device where a CUDA compiler reads it.
#pragma once

#if defined(__CUDACC__)
#define LONGWING_HD __host__ __device__ __forceinline__
#else
#define LONGWING_HD __attribute__((always_inline)) inline
#endif
