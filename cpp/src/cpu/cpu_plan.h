// A plan of the CPU backend: one engine for its rows, and how rows are spread over threads.
#pragma once

#include <memory>
#include <optional>

#include "cpu/aligned_array.h"
#include "cpu/cost_model.h"
#include "cpu/row_engine.h"
#include "cpu/rows.h"
#include "cpu/spread.h"
#include "longwing/backend.h"

namespace longwing::cpu {

template <class T>
struct CpuSpectrum final : SpectrumStorage {
  AlignedArray<T> rows;  ///< filter rows one after the other, each engine.spectrum_size() numbers; none where they are borrowed
  std::optional<TensorView> k, reverse_filter;  ///< what is borrowed
  std::shared_ptr<const PlanImplementation> plan;
  std::size_t bytes() const override { return rows.size() * sizeof(T); }
};

template <class T>
class CpuPlan final : public PlanImplementation {
 public:
  explicit CpuPlan(const ConvSpec& spec);

  std::shared_ptr<const SpectrumStorage> spectrum(const TensorView& k, const TensorView* reverse_filter, FilterKind kind,
                                                  const Execution& execution) const override;
  std::shared_ptr<const SpectrumStorage> borrow(const TensorView& k, const TensorView* reverse_filter, FilterKind kind,
                                                const Execution& execution) const override;
  void forward(const ForwardArgs& args) const override;
  void backward(const BackwardArgs& args) const override;
  void long_conv(const LongConvArgs& args, FilterKind kind) const override;
  std::size_t workspace_bytes(std::int64_t batch) const override;
  std::size_t bytes() const override { return sizeof(*this) + engine_->bytes(); }
  std::string explain() const override;

 private:
  Spread spread(std::int64_t tasks) const;
  std::shared_ptr<CpuSpectrum<T>> describe_filter(const TensorView& k, const TensorView* reverse_filter, FilterKind kind) const;
  std::shared_ptr<const CpuSpectrum<T>> transformed(const CpuSpectrum<T>& spectrum, const Execution& execution) const;
  void prepare_all(const TensorView& k, const TensorView* reverse, std::int64_t filter_rows, T* spectra, const Execution& execution) const;

  void forward_rows(const ForwardArgs& args, const RowSet& rows, const CpuSpectrum<T>& spectrum) const;
  void forward_bank(const ForwardArgs& args, const RowSet& rows, const CpuSpectrum<T>& spectrum) const;
  void forward_channels(const ForwardArgs& args, const RowSet& rows, const CpuSpectrum<T>& spectrum) const;

  Choice choice_;
  std::unique_ptr<const RowEngine<T>> engine_;
};

extern template class CpuPlan<float>;
extern template class CpuPlan<double>;

}  // namespace longwing::cpu
