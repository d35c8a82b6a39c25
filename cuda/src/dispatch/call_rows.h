// A call's arrays as kernels take them: rows of samples, taps of filters, numbers of channels.
#pragma once

#include <optional>

#include "device/arguments.h"
#include "longwing/plan.h"

namespace longwing::cuda {

RowSpace row_space(const ConvSpec& spec, FilterKind kind, std::int64_t filters, const TensorView& u);

/// Rows of u, y or a gate; `has_bank`: the axis before the channels is the bank's. Nothing gives an absent array.
RowArray row_array(const TensorView& view, bool has_bank);
RowArray row_array(const std::optional<TensorView>& view, bool has_bank);
ChannelArray channel_array(const std::optional<TensorView>& view);

/// Taps of k and of the reverse filter, or of their gradients; either may be null.
FilterTaps filter_taps(const ConvSpec& spec, std::int64_t n, const TensorView* k, const TensorView* reverse_filter);

/// Rows that are worked on together: `filter_rows` whole filter rows from the first, or where that is one, a part of its rows. Of a bank
/// these are rows of its first filter; those of the others lie `bank·groups` filter rows further.
struct RowSlab {
  std::int64_t first_filter_row = 0, filter_rows = 1;
  std::int64_t first_index = 0, index_count = 0;
  std::int64_t rows() const { return filter_rows * index_count; }
};

/// Workspace for the rows of a slab, `length` numbers each, as an array of all rows of which only the slab's may be touched; the same
/// memory for every filter of a bank.
RowArray slab_array(const RowSpace& space, const RowSlab& slab, void* memory, DType dtype, std::int64_t length);

}  // namespace longwing::cuda
