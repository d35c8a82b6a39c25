#include "instances/tensor_kernels.cuh"

namespace longwing::cuda {

template TensorKernels tensor_kernels<8>();
template TensorKernels tensor_kernels<9>();
template TensorKernels tensor_kernels<10>();
template TensorKernels tensor_kernels<11>();

}  // namespace longwing::cuda
