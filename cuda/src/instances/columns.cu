#include "instances/column_kernels.cuh"

namespace longwing::cuda {

template ColumnKernels column_kernels<float, 2>();
template ColumnKernels column_kernels<float, 4>();
template ColumnKernels column_kernels<float, 8>();
template ColumnKernels column_kernels<float, 16>();
template KernelEntry skip_gradient_kernel<float>();
template ColumnKernels column_kernels<double, 2>();
template ColumnKernels column_kernels<double, 4>();
template ColumnKernels column_kernels<double, 8>();
template ColumnKernels column_kernels<double, 16>();
template KernelEntry skip_gradient_kernel<double>();

}  // namespace longwing::cuda
