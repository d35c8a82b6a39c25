#include "instances/row_kernels.cuh"

namespace longwing::cuda {

template RowKernels row_kernels<float, 6>();
template RowKernels row_kernels<float, 12>();

}  // namespace longwing::cuda
