#include "dispatch/call_rows.h"

#include "core/index_map.h"

namespace longwing::cuda {

RowSpace row_space(const ConvSpec& spec, FilterKind kind, std::int64_t filters, const TensorView& u) {
  RowSpace space;
  space.channels = static_cast<int>(spec.channels);
  space.groups = static_cast<int>(spec.groups);
  space.filters = static_cast<int>(filters);
  space.kind = kind;
  space.leading = u.rank - 2;
  for (int axis = 0; axis < space.leading; ++axis) {
    space.extents[axis] = u.extent(axis);
    space.samples *= u.extent(axis);
  }
  return space;
}

RowArray row_array(const TensorView& view, bool has_bank) {
  RowArray array;
  array.data = view.data;
  array.dtype = view.dtype;
  array.stride = view.stride(-1);
  array.channel_stride = view.stride(-2);
  array.bank_stride = has_bank ? view.stride(-3) : 0;
  for (int axis = 0; axis < view.rank - (has_bank ? 3 : 2); ++axis) array.leading_strides[axis] = view.stride(axis);
  return array;
}

RowArray row_array(const std::optional<TensorView>& view, bool has_bank) { return view ? row_array(*view, has_bank) : RowArray{}; }

ChannelArray channel_array(const std::optional<TensorView>& view) {
  if (!view) return {};
  return {view->data, view->dtype, view->stride(0)};
}

FilterTaps filter_taps(const ConvSpec& spec, std::int64_t n, const TensorView* k, const TensorView* reverse_filter) {
  const LagMap map = lag_map(spec);
  FilterTaps filter;
  filter.lo = map.lags.lo;
  filter.hi = map.lags.hi;
  filter.period = map.circular ? map.input_length : 0;
  filter.n = static_cast<int>(n);
  filter.groups = static_cast<int>(spec.groups);
  for (const bool reverse : {false, true}) {
    const TensorView* const view = reverse ? reverse_filter : k;
    if (!view) continue;
    TapArray& taps = filter.taps[reverse];
    taps.data = view->data;
    taps.dtype = view->dtype;
    taps.count = view->extent(-1);
    taps.stride = view->stride(-1);
    taps.group_stride = view->stride(-2);
    taps.filter_stride = view->rank == 3 ? view->stride(0) : 0;
    taps.origin = tap_origin(spec, reverse);
    taps.direction = reverse ? -1 : 1;
  }
  return filter;
}

RowArray slab_array(const RowSpace& space, const RowSlab& slab, void* memory, DType dtype, std::int64_t length) {
  const std::int64_t per_group = space.channels_per_group();
  RowArray array;
  array.dtype = dtype;
  std::int64_t sample_stride = 0, first = 0;  // in rows
  if (space.kind == FilterKind::kPerSample) {
    array.channel_stride = 1;
    sample_stride = space.channels;
    first = slab.first_filter_row * per_group + slab.first_index;
  } else if (slab.index_count == space.rows_per_filter()) {
    array.channel_stride = space.samples;
    sample_stride = 1;
    first = slab.first_filter_row * per_group * space.samples;
  } else {
    array.channel_stride = 1;
    sample_stride = per_group;
    first = slab.first_filter_row * per_group + slab.first_index;
  }
  array.channel_stride *= length;
  std::int64_t stride = sample_stride * length;
  for (int axis = space.leading - 1; axis >= 0; --axis) {
    array.leading_strides[axis] = stride;
    stride *= space.extents[axis];
  }
  // An address before the memory where the slab is not the first: as an integer, because no pointer may point there.
  const auto bytes = static_cast<std::uintptr_t>(first * length) * size_of(dtype);
  array.data = reinterpret_cast<void*>(reinterpret_cast<std::uintptr_t>(memory) - bytes);
  return array;
}

}  // namespace longwing::cuda
