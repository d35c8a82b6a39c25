#include "instances/row_kernels.cuh"

namespace longwing::cuda {

template RowKernels row_kernels<float, 10>();
template RowKernels row_kernels<float, 11>();

}  // namespace longwing::cuda
