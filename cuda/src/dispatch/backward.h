// The gradients of one call: which kernels run over which rows, in slabs of bounded workspace.
//
// dc, the gradient of the convolution's own output, is dy·post·act'(c): with an activation c is made again and dc waits in workspace, else
// dc is read as dy times the gate. du is dc through the adjoint, a filter's gradient the sum over its rows of dc correlated with x, skip's
// the sum of dc·x. A bank's gradients of u and the gates are added up over its filters, in their order.
#pragma once

#include "dispatch/call_rows.h"
#include "dispatch/launcher.h"

namespace longwing::cuda {

class Backward {
 public:
  Backward(const EngineState& state, const BackwardArgs& args, FilterKind kind, std::int64_t filters, const void* spectrum);
  void run();

  /// A filter's rows are summed in so many runs, and those by a balanced tree: a function of their number alone.
  static int runs_of(std::int64_t rows);

 private:
  // What a slab needs of each thing, in bytes, and where it lies in the workspace.
  struct Memory {
    std::size_t columns = 0, dc = 0, dx_sum = 0, dpost_sum = 0, partials = 0, stash = 0;
  };

  Memory bytes(std::int64_t filter_rows, std::int64_t rows) const;
  static std::size_t total(const Memory& bytes);
  RowSlab first_slab() const;
  void work(const RowSlab& slab, int bank, const Memory& at, std::byte* memory) const;
  void recompute(const RowSlab& slab, int bank, const Memory& at, std::byte* memory) const;
  void input_gradient(const RowSlab& slab, int bank, const Memory& at, std::byte* memory) const;
  void filter_gradient(const RowSlab& slab, int bank, const Memory& at, std::byte* memory) const;
  void row_gradients(const RowSlab& slab, int bank, const Memory& at, std::byte* memory) const;
  void skip_terms(const RowSlab& slab, int bank, const Memory& at, std::byte* memory) const;
  void finish(const RowSlab& slab, int bank, const Memory& at, std::byte* memory) const;

  bool accumulates() const { return banks_ > 1; }
  bool post_gate_has_bank() const { return bank_ && args_.post_gate && args_.post_gate->rank == args_.dy.rank; }
  std::int64_t first_row(const RowSlab& slab, int bank) const;
  std::byte* partials(const RowSlab& slab, int bank, const Memory& at, std::byte* memory) const;
  ConvolveArgs convolve_args(const RowSlab& slab, int bank) const;
  EpilogueArgs input_epilogue(const RowSlab& slab, int bank, const Memory& at, std::byte* memory) const;
  FilterGradientArgs filter_args(const RowSlab& slab, int bank, const Memory& at, std::byte* memory) const;
  SourceArgs x() const;
  /// dc through the adjoint window.
  SourceArgs dc(const RowSlab& slab, const Memory& at, std::byte* memory) const;
  void add_over_bank(EpilogueArgs& epilogue, const RowSlab& slab, int bank, void* sum, std::int64_t length) const;

  const EngineState& state_;
  const BackwardArgs& args_;
  const void* spectrum_;
  const RowSpace space_;
  const bool bank_;
  const int banks_;                 // filters that a row of u meets
  const std::int64_t filter_rows_;  // of one filter of a bank, or of all filters
  const std::int64_t each_;         // rows of a filter row
  const int runs_;
  const bool wants_dx_, wants_filter_, keeps_dc_, recomputes_, skip_is_a_tap_;
  const Launcher launcher_;
  std::byte* skip_terms_ = nullptr;  // one double a row
};

}  // namespace longwing::cuda
