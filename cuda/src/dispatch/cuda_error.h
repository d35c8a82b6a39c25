// Errors of the CUDA runtime as ours.
#pragma once

#include <cuda_runtime_api.h>

namespace longwing::cuda {

/// RuntimeError with the name and the text of the error where `status` is one; `what` says what was being done.
void check(cudaError_t status, const char* what);

/// The runtime remembers the last error; this forgets it, so that the next caller of the runtime does not take it for its own.
void forget_last_error() noexcept;

}  // namespace longwing::cuda
