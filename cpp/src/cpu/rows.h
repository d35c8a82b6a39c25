// The rows of a call: which filter serves which rows of u and y, and where they lie.
#pragma once

#include <cstdint>

#include "cpu/filter_taps.h"
#include "cpu/row_io.h"
#include "longwing/plan.h"

namespace longwing::cpu {

/// One row of y: sample of the batch, filter of the bank (0 without), channel.
struct RowId {
  std::int64_t sample = 0, bank = 0, channel = 0;
};

/// Filter rows and the data rows each of them serves, in a fixed order.
struct RowSet {
  std::int64_t samples = 1, channels = 1, groups = 1, filters = 1;
  FilterKind kind = FilterKind::kShared;

  RowSet(const ConvSpec& spec, FilterKind kind, std::int64_t filters, const TensorView& u);
  std::int64_t filter_rows() const { return filters * groups; }
  std::int64_t rows_per_filter() const { return (kind == FilterKind::kPerSample ? 1 : samples) * (channels / groups); }
  std::int64_t rows() const { return filter_rows() * rows_per_filter(); }
  RowId row(std::int64_t filter_row, std::int64_t index) const;
  /// The filter of a row.
  std::int64_t filter_row(const RowId& id) const {
    return (kind == FilterKind::kPerSample ? id.sample : id.bank) * groups + id.channel / (channels / groups);
  }
  /// A bank: each row of u meets several filters.
  bool filters_share_rows() const { return kind == FilterKind::kBank && filters > 1; }
};

/// Address of a row of u, y or a gate: any number of leading axes, then (bank,) channel and sample of the row.
class RowView {
 public:
  RowView(const TensorView& view, bool has_bank) : view_(view), leading_(view.rank - (has_bank ? 3 : 2)), has_bank_(has_bank) {}
  void* row(const RowId& id) const;
  std::int64_t stride() const { return view_.stride(-1); }
  DType dtype() const { return view_.dtype; }

 private:
  const TensorView& view_;
  int leading_;
  bool has_bank_;
};

/// Row `filter_row` of k and of the reverse filter; either may be absent.
FilterRow filter_row_of(const TensorView* k, const TensorView* reverse, std::int64_t groups, std::int64_t filter_row);

/// A number of a (H,) array.
double channel_value(const TensorView& view, std::int64_t channel);

}  // namespace longwing::cpu
