// Convolution by transforms: the whole row in one, or overlap-save in windows of one length.
#pragma once

#include <memory>

#include "cpu/row_engine.h"
#include "cpu/transform.h"

namespace longwing::cpu {

template <class T>
class TransformEngine final : public RowEngine<T> {
 public:
  /// Windows of 2n real coefficients; one window where they hold the whole row.
  TransformEngine(const KernelTable<T>& kernels, const ConvSpec& spec, const Factorization& factorization);

  std::int64_t spectrum_size() const override { return 2 * transform_->n(); }
  std::int64_t scratch_size() const override { return 4 * transform_->n(); }
  std::size_t bytes() const override { return transform_->bytes(); }
  std::int64_t team_size() const override { return 2 * transform_->n(); }
  void prepare(const FilterRow& filter, T* spectrum, T* scratch, const Team& team) const override;
  void forward(const RowSource& x, const T* spectrum, T skip, const RowSink& y, T* scratch, const Team& team) const override;
  void forward_bank(const RowSource& x, std::span<const T* const> spectra, T skip, std::span<const RowSink> y, T* scratch,
                    const Team& team) const override;
  void backward(const RowSource& x, const RowSource& dy, const T* spectrum, T skip, const RowSink* dx, T* sum, T* scratch,
                const Team& team) const override;
  void finish_gradient(T* sum, const FilterRow& gradient, T* scratch, const Team& team) const override;
  void convolve(const FilterRow& filter, const RowSource& x, T* spectrum, T skip, const RowSink& y, T* scratch,
                const Team& team) const override;
  void differentiate(const RowSource& x, const RowSource& dy, const T* spectrum, T skip, const RowSink* dx, const FilterRow& gradient,
                     T* sum, T* scratch, const Team& team) const override;

 private:
  /// One transform's part of a row: ring position r is input sample input_begin + r and, in [output_begin, +output_count), an output.
  struct Window {
    std::int64_t input_begin = 0, output_begin = 0, output_count = 0;
  };

  std::int64_t window_count(const LagMap& map) const;
  Window window(const LagMap& map, std::int64_t index) const;
  template <class Row>
  bool is_staged_whole(const Row& row, std::int64_t coefficients) const;
  template <class Edge>
  void for_each_stretch(bool descend, bool staged, T* lines, const Team& team, const Edge& edge) const;
  std::int64_t root_tile(std::int64_t stretches, const Team& team) const;
  /// Rows to lines; ring position r is sample begin + r.
  void enter(const RowSource& row, std::int64_t begin, T* lines, const Team& team) const;
  /// Lines to rows; ring position r is output r - shift.
  void leave(T* lines, const RowSink& row, std::int64_t shift, const Team& team) const;
  void convolve_windows(const LagMap& map, CenterOp op, const RowSource& x, const T* spectrum, T skip, const RowSink& y, T* lines,
                        const Team& team) const;
  bool taps_are_ring() const;
  void enter_filter(const FilterRow& filter, T* lines, T* scratch, const Team& team) const;
  void leave_filter(T* lines, const FilterRow& gradient, T* scratch, const Team& team) const;
  EdgeArgs<T> edge_args(T* lines, std::int64_t count) const;
  CenterArgs<T> center_args(T* lines, const T* spectrum, T skip) const;

  std::shared_ptr<const Transform<T>> transform_;
  bool one_window_ = false;
  bool taps_are_ring_ = false;
};

extern template class TransformEngine<float>;
extern template class TransformEngine<double>;

}  // namespace longwing::cpu
