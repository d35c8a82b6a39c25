#include "instances/row_kernels.cuh"

namespace longwing::cuda {

template RowKernels row_kernels<float, 15>();
template RowKernels row_kernels<float, 16>();

}  // namespace longwing::cuda
