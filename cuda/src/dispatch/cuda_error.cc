#include "dispatch/cuda_error.h"

#include <string>

#include "longwing/error.h"

namespace longwing::cuda {

void forget_last_error() noexcept { (void)cudaGetLastError(); }

void check(cudaError_t status, const char* what) {
  if (status == cudaSuccess) return;
  forget_last_error();
  std::string text = std::string("CUDA: ") + what + " failed: " + cudaGetErrorName(status) + ", " + cudaGetErrorString(status);
  if (status == cudaErrorIllegalAddress || status == cudaErrorLaunchFailure) {
    text += "; it may come from earlier work on this device, of whatever library";
  }
  if (status == cudaErrorInitializationError) text += "; a process forked from one that used CUDA can't use it: start it by spawn";
  throw RuntimeError(text);
}

}  // namespace longwing::cuda
