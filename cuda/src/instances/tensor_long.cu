#include "instances/tensor_kernels.cuh"

namespace longwing::cuda {

template TensorKernels tensor_kernels<12>();
template TensorKernels tensor_kernels<13>();
template TensorKernels tensor_kernels<14>();

}  // namespace longwing::cuda
