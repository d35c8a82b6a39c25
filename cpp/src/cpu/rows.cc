#include "cpu/rows.h"

#include "cpu/isa.h"

namespace longwing::cpu {

RowSet::RowSet(const ConvSpec& spec, FilterKind kind, std::int64_t filters, const TensorView& u)
    : channels(spec.channels), groups(spec.groups), filters(filters), kind(kind) {
  for (int axis = 0; axis < u.rank - 2; ++axis) samples *= u.extent(axis);
}

// Rows of one filter run through the channels of its group, then through the samples.
RowId RowSet::row(std::int64_t filter_row, std::int64_t index) const {
  const std::int64_t width = channels / groups, group = filter_row % groups, filter = filter_row / groups;
  const std::int64_t channel = group * width + index % width;
  if (kind == FilterKind::kPerSample) return {filter, 0, channel};
  return {index / width, filter, channel};
}

void* RowView::row(const RowId& id) const {
  std::int64_t offset = id.channel * view_.stride(-2) + (has_bank_ ? id.bank * view_.stride(-3) : 0);
  std::int64_t rest = id.sample;
  for (int axis = leading_ - 1; axis >= 0; --axis) {
    offset += rest % view_.extent(axis) * view_.stride(axis);
    rest /= view_.extent(axis);
  }
  return element(view_.data, view_.dtype, offset);
}

FilterRow filter_row_of(const TensorView* k, const TensorView* reverse, std::int64_t groups, std::int64_t filter_row) {
  const auto tap_row = [&](const TensorView* view) -> TapRow {
    if (!view) return {};
    const std::int64_t outer = view->rank == 3 ? filter_row / groups * view->stride(0) : 0;
    return {element(view->data, view->dtype, outer + filter_row % groups * view->stride(-2)), view->dtype, view->stride(-1)};
  };
  return {tap_row(k), tap_row(reverse)};
}

double channel_value(const TensorView& view, std::int64_t channel) {
  double value = 0;
  kernels().f64.load(&value, element(view.data, view.dtype, channel * view.stride(0)), view.dtype, 1, 1);
  return value;
}

}  // namespace longwing::cpu
