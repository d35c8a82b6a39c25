#include "instances/row_kernels.cuh"

namespace longwing::cuda {

template RowKernels row_kernels<float, 12>();
template RowKernels row_kernels<float, 13>();
template RowKernels row_kernels<float, 14>();

}  // namespace longwing::cuda
