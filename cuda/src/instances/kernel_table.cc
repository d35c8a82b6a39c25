// Which instances there are: the tables that instances/*.cu fill, compiled apart from them.
#include "dispatch/kernel_table.h"

#include <iterator>
#include <utility>

namespace longwing::cuda {

template <class T, int Log2N>
RowKernels row_kernels();
template <int Log2N>
TensorKernels tensor_kernels();
template <class T, int R>
ColumnKernels column_kernels();
template <class T>
KernelEntry skip_gradient_kernel();

namespace {

template <class T, int... Index>
KernelTable make_table(Arithmetic arithmetic, std::integer_sequence<int, Index...>) {
  KernelTable table;
  table.arithmetic = arithmetic;
  ((table.rows[kLeastLog2n + Index] = row_kernels<T, kLeastLog2n + Index>()), ...);
  table.columns[0] = column_kernels<T, 2>();
  table.columns[1] = column_kernels<T, 4>();
  table.columns[2] = column_kernels<T, 8>();
  table.columns[3] = column_kernels<T, 16>();
  table.skip_gradient = skip_gradient_kernel<T>();
  return table;
}

template <int... Index>
KernelTable with_tensor_kernels(KernelTable table, std::integer_sequence<int, Index...>) {
  ((table.tensor[kLeastTensorLog2n + Index] = tensor_kernels<kLeastTensorLog2n + Index>()), ...);
  return table;
}

}  // namespace

const KernelTable& kernel_table(Arithmetic arithmetic) {
  static const KernelTable in_float =
      with_tensor_kernels(make_table<float>(Arithmetic::kFloat32, std::make_integer_sequence<int, std::size(kFloat32Rows)>()),
                          std::make_integer_sequence<int, std::size(kTensorRows)>());
  static const KernelTable in_double = make_table<double>(Arithmetic::kFloat64, std::make_integer_sequence<int, std::size(kFloat64Rows)>());
  return arithmetic == Arithmetic::kFloat64 ? in_double : in_float;
}

}  // namespace longwing::cuda
