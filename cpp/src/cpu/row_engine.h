// One algorithm for one row: what the plan's rows are carried out by.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>

#include "cpu/filter_taps.h"
#include "cpu/row_io.h"
#include "cpu/thread_pool.h"

namespace longwing::cpu {

template <class T>
class RowEngine {
 public:
  RowEngine(const KernelTable<T>& kernels, const ConvSpec& spec) : kernels_(kernels), spec_(spec), map_(lag_map(spec)) {}
  virtual ~RowEngine() = default;

  const KernelTable<T>& kernels() const { return kernels_; }
  const ConvSpec& spec() const { return spec_; }
  const LagMap& map() const { return map_; }

  /// Numbers of a prepared filter row, and of the sum its gradient is collected in.
  virtual std::int64_t spectrum_size() const = 0;
  /// Numbers of working memory of one call, whatever the team.
  virtual std::int64_t scratch_size() const = 0;
  virtual std::size_t bytes() const = 0;
  /// Numbers that a team shares inside a row; 0 where a row is one thread's.
  virtual std::int64_t team_size() const { return 0; }

  virtual void prepare(const FilterRow& filter, T* spectrum, T* scratch, const Team& team) const = 0;
  /// y = filter conv x + skip·x
  virtual void forward(const RowSource& x, const T* spectrum, T skip, const RowSink& y, T* scratch, const Team& team) const = 0;
  /// The same for a row under several filters, which is transformed once for all of them.
  virtual void forward_bank(const RowSource& x, std::span<const T* const> spectra, T skip, std::span<const RowSink> y, T* scratch,
                            const Team& team) const {
    for (std::size_t i = 0; i < y.size(); ++i) forward(x, spectra[i], skip, y[i], scratch, team);
  }
  /// dx = the adjoint of forward applied to dy (where dx is given); sum += the filter's gradient (where sum is given)
  virtual void backward(const RowSource& x, const RowSource& dy, const T* spectrum, T skip, const RowSink* dx, T* sum, T* scratch,
                        const Team& team) const = 0;
  /// From a sum to the taps' gradients; destroys the sum.
  virtual void finish_gradient(T* sum, const FilterRow& gradient, T* scratch, const Team& team) const = 0;

  /// prepare and forward for a filter that serves one row: the same numbers; `spectrum` is only working memory.
  virtual void convolve(const FilterRow& filter, const RowSource& x, T* spectrum, T skip, const RowSink& y, T* scratch,
                        const Team& team) const {
    prepare(filter, spectrum, scratch, team);
    forward(x, spectrum, skip, y, scratch, team);
  }
  /// backward and finish_gradient for a filter that serves one row: the same numbers; `sum` is only working memory.
  virtual void differentiate(const RowSource& x, const RowSource& dy, const T* spectrum, T skip, const RowSink* dx,
                             const FilterRow& gradient, T* sum, T* scratch, const Team& team) const {
    std::fill(sum, sum + spectrum_size(), T(0));
    backward(x, dy, spectrum, skip, dx, sum, scratch, team);
    finish_gradient(sum, gradient, scratch, team);
  }

 private:
  const KernelTable<T>& kernels_;
  ConvSpec spec_;
  LagMap map_;
};

}  // namespace longwing::cpu
