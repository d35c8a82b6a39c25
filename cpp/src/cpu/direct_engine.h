// The direct form: y[t] = sum_d kappa[d]·x[t-d] as it stands, for few taps or short rows.
#pragma once

#include <algorithm>

#include "cpu/row_engine.h"

namespace longwing::cpu {

template <class T>
class DirectEngine final : public RowEngine<T> {
 public:
  DirectEngine(const KernelTable<T>& kernels, const ConvSpec& spec) : RowEngine<T>(kernels, spec) {}

  std::int64_t spectrum_size() const override { return taps(); }
  std::int64_t scratch_size() const override;
  std::size_t bytes() const override { return 0; }
  void prepare(const FilterRow& filter, T* spectrum, T* scratch, const Team& team) const override;
  void forward(const RowSource& x, const T* spectrum, T skip, const RowSink& y, T* scratch, const Team& team) const override;
  void backward(const RowSource& x, const RowSource& dy, const T* spectrum, T skip, const RowSink* dx, T* sum, T* scratch,
                const Team& team) const override;
  void finish_gradient(T* sum, const FilterRow& gradient, T* scratch, const Team& team) const override;

 private:
  std::int64_t taps() const { return this->map().lags.span() + 1; }
  std::int64_t padded_taps() const { return (taps() + kMaxLanes - 1) / kMaxLanes * kMaxLanes; }
  std::int64_t padded_row() const {
    return (std::max(this->map().input_length, this->map().output_length) + taps()) / kMaxLanes * kMaxLanes + 2 * kMaxLanes;
  }
  void load_row(const RowSource& source, std::int64_t begin, std::int64_t count, T* row) const;
  /// x holds samples [first, ...) of `source`, what is outside of it included.
  void correlate_row(const RowSource& source, std::int64_t first, const T* x, const T* taps, const RowSink& y) const;
};

extern template class DirectEngine<float>;
extern template class DirectEngine<double>;

}  // namespace longwing::cpu
