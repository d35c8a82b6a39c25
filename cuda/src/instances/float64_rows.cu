#include "instances/row_kernels.cuh"

namespace longwing::cuda {

template RowKernels row_kernels<double, 6>();
template RowKernels row_kernels<double, 7>();
template RowKernels row_kernels<double, 8>();
template RowKernels row_kernels<double, 9>();
template RowKernels row_kernels<double, 10>();
template RowKernels row_kernels<double, 11>();
template RowKernels row_kernels<double, 12>();

}  // namespace longwing::cuda
