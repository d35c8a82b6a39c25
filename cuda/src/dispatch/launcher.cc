#include "dispatch/launcher.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "longwing/error.h"

namespace longwing::cuda {

template <class Args>
void Launcher::launch(const KernelEntry& kernel, std::int64_t units, const Args& args, int blocks_y) const {
  if (units == 0) return;
  state_.runtime.launch(kernel, (units + kernel.units - 1) / kernel.units * kernel.cluster, blocks_y, &args, sizeof args, stream_);
}

const ColumnKernels& Launcher::column_kernels(int radix) const {
  return *std::find_if(std::begin(state_.kernels.columns), std::end(state_.kernels.columns),
                       [radix](const ColumnKernels& kernels) { return kernels.radix == radix; });
}

ColumnArgs Launcher::column_args(std::int64_t first_row, std::int64_t row_count, int segments, void* columns) const {
  ColumnArgs args;
  args.first_row = first_row;
  args.row_count = row_count;
  args.segments = segments;
  args.columns = columns;
  return args;
}

void Launcher::column_pass(ColumnArgs& args, std::size_t pass, bool split) const {
  const TransformShape& shape = state_.shape;
  const int radix = shape.column_radices[pass];
  args.nodes = 1;
  for (std::size_t before = 0; before < pass; ++before) args.nodes *= shape.column_radices[before];
  args.stride = shape.n() / (static_cast<std::int64_t>(args.nodes) * radix);
  args.twiddles = state_.column_twiddles(pass);
  const ColumnKernels& kernels = column_kernels(radix);
  const std::int64_t butterflies = args.row_count * args.segments * args.nodes * args.stride;
  launch(split ? kernels.split : kernels.merge, butterflies, args);
}

void Launcher::split(ColumnArgs args) const {
  for (std::size_t pass = 0; pass < state_.shape.column_radices.size(); ++pass) column_pass(args, pass, true);
}

void Launcher::merge(ColumnArgs args) const {
  for (std::size_t pass = state_.shape.column_radices.size(); pass-- > 0;) column_pass(args, pass, false);
}

void Launcher::convolve(ConvolveArgs args, void* columns) const {
  args.twiddles = state_.row_twiddles();
  args.nodes = state_.shape.nodes();
  args.columns = columns;
  const int segments = args.source.window.segments;
  const std::int64_t units = args.row_count * segments * args.nodes;
  args.tensor_tables = state_.device_tensor_tables;
  if (one_pass()) return launch(state_.tensor ? state_.tensor->convolve : state_.row.convolve, units, args);
  ColumnArgs around = column_args(args.first_row, args.row_count, segments, columns);
  around.rows = args.rows;
  around.source = args.source;
  around.epilogue = args.epilogue;
  split(around);
  launch(state_.row.convolve, units, args);
  merge(around);
}

void Launcher::convolve_filters(FilterConvolveArgs args) const {
  args.convolve.twiddles = state_.row_twiddles();
  args.filter.scale = 1.0 / static_cast<double>(state_.shape.n());
  launch(state_.row.convolve_filters, args.filter.row_count, args);
}

void Launcher::transform_filters(SpectrumArgs args, void* columns) const {
  args.twiddles = state_.row_twiddles();
  args.nodes = state_.shape.nodes();
  args.columns = columns;
  args.scale = 1.0 / static_cast<double>(state_.shape.n());
  if (!one_pass()) {
    ColumnArgs before = column_args(args.first_row, args.row_count, 1, columns);
    before.filter = args.filter;
    split(before);
  }
  launch(state_.tensor ? state_.tensor->transform_filters : state_.row.transform_filters, args.row_count * args.nodes, args);
}

void Launcher::filter_gradient(FilterGradientArgs args, std::byte* columns) const {
  args.twiddles = state_.row_twiddles();
  args.nodes = state_.shape.nodes();
  if (!one_pass()) {
    const std::int64_t first_row = args.first_filter_row * args.rows.rows_per_filter() + args.first_index;
    const std::int64_t rows = args.filter_row_count * args.index_count;
    const int segments = args.x.window.segments;
    std::byte* const dy_columns = columns + static_cast<std::size_t>(rows) * state_.column_bytes(args.x.window);
    args.x_columns = columns;
    args.dy_columns = dy_columns;
    for (const bool dy : {false, true}) {
      ColumnArgs before = column_args(first_row, rows, segments, dy ? dy_columns : columns);
      before.rows = args.rows;
      before.source = dy ? args.dy : args.x;
      split(before);
    }
  }
  launch(state_.row.filter_gradient, args.filter_row_count * args.runs * args.nodes, args);
}

void Launcher::row_gradients(RowGradientArgs args) const {
  args.tensor_tables = state_.device_tensor_tables;
  launch(state_.tensor->gradient, args.filter.filter_row_count * args.filter.runs, args);
}

void Launcher::finish_filter_gradient(FilterGradientFinishArgs args, void* columns) const {
  args.twiddles = state_.row_twiddles();
  args.nodes = state_.shape.nodes();
  args.columns = columns;
  args.scale = 1.0 / static_cast<double>(state_.shape.n());
  if (state_.gradients_by_tensor()) {
    const double factor = forward_factor(state_.tensor->policy.middle());
    args.scale /= factor * factor;
    return launch(state_.tensor->finish_filter_gradient, args.row_count, args);
  }
  launch(state_.row.finish_filter_gradient, args.row_count * args.nodes, args);
  if (one_pass()) return;
  ColumnArgs after = column_args(args.first_row, args.row_count, 1, columns);
  after.filter = args.gradient;
  merge(after);
}

void Launcher::skip_gradient(SkipGradientArgs args) const {
  launch(state_.kernels.skip_gradient, args.row_count > 0 ? args.row_count : args.rows.channels, args);
}

}  // namespace longwing::cuda
