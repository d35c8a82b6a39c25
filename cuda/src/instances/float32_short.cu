#include "instances/row_kernels.cuh"

namespace longwing::cuda {

template RowKernels row_kernels<float, 6>();
template RowKernels row_kernels<float, 7>();
template RowKernels row_kernels<float, 8>();
template RowKernels row_kernels<float, 9>();

}  // namespace longwing::cuda
