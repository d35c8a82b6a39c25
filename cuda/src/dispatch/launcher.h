// The launches of one call, in the order of one stream: argument structures completed, grids counted, column passes around rows.
#pragma once

#include "dispatch/engine_state.h"

namespace longwing::cuda {

class Launcher {
 public:
  Launcher(const EngineState& state, void* stream) : state_(state), stream_(stream) {}

  /// Rows [first_row, first_row + row_count) of `args`; in the three-pass form through `columns`, else null.
  void convolve(ConvolveArgs args, void* columns) const;
  /// All rows of filter rows [first_row, first_row + row_count) of `filter`, whose spectra stay in the kernel: row.convolve_filters.
  void convolve_filters(FilterConvolveArgs args) const;
  /// Filter rows [first_row, first_row + row_count); `columns` as above.
  void transform_filters(SpectrumArgs args, void* columns) const;
  /// Adds the slab's rows to the partial sums; `columns` holds both operands, x first.
  void filter_gradient(FilterGradientArgs args, std::byte* columns) const;
  /// The same with du, of rows whose kernels on the tensor cores make both: state.tensor->gradient.
  void row_gradients(RowGradientArgs args) const;
  void finish_filter_gradient(FilterGradientFinishArgs args, void* columns) const;
  /// The terms of rows [first_row, first_row + row_count), or with row_count 0 their sums.
  void skip_gradient(SkipGradientArgs args) const;

 private:
  bool one_pass() const { return state_.shape.column_radices.empty(); }
  ColumnArgs column_args(std::int64_t first_row, std::int64_t row_count, int segments, void* columns) const;
  void split(ColumnArgs args) const;
  void merge(ColumnArgs args) const;
  void column_pass(ColumnArgs& args, std::size_t pass, bool split) const;
  const ColumnKernels& column_kernels(int radix) const;
  /// `units` of work in all, `units_y` of them side by side on the grid's second axis.
  template <class Args>
  void launch(const KernelEntry& kernel, std::int64_t units, const Args& args, int blocks_y = 1) const;

  const EngineState& state_;
  void* stream_;
};

}  // namespace longwing::cuda
