// The transform of one row: lines down the tree of rings, the centre operation, and up again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/factorize.h"
#include "cpu/aligned_array.h"
#include "cpu/kernel_table.h"
#include "cpu/thread_pool.h"

namespace longwing::cpu {

/// Radices and twiddles of one length; immutable and shared by every plan of that length.
template <class T>
class Transform {
 public:
  Transform(const KernelTable<T>& kernels, Factorization factorization);

  /// The shared transform of this length.
  static std::shared_ptr<const Transform> shared(const KernelTable<T>& kernels, const Factorization& factorization);

  std::int64_t n() const { return factorization_.n; }
  std::int64_t lines() const { return factorization_.lines(); }
  const Factorization& factorization() const { return factorization_; }
  const KernelTable<T>& kernels() const { return kernels_; }
  const T* lane_roots() const { return lane_roots_.data(); }
  std::size_t bytes() const;

  /// Parts of a row, at lines q·lines()/parts, in each of which the edge passes begin a stretch anew: the root's radix where they may do
  /// the root's pass, else 1. Of the length alone, so that what enters at once, which decides how it is summed, is too.
  std::int64_t edge_parts() const { return edge_parts_; }
  /// Whether the edge passes of this team do the root's pass as well, tile by tile while all parts of a tile are in the near cache: a
  /// pass less through the far caches or the memory in each direction.
  bool edges_do_root(const Team& team) const;
  /// The root's pass over positions [begin, end) of every part, for the edges.
  void pass_root(bool descend, T* lines, std::int64_t begin, std::int64_t end) const;

  /// From where the edges of this team end down to the centre, `op` on every point, and up again, in place on args.lines (2n numbers)
  /// and, where the op takes two rows, args.other beside them, which then share the loads of the twiddles and meet in the near cache.
  /// Depth first, so that what one node touches stays there; a team of several takes the top levels breadth first and then a subtree
  /// each. Both do the same operations on the same numbers.
  void run(CenterOp op, const CenterArgs<T>& args, const Team& team) const;

 private:
  struct Level {
    int radix = 1;
    std::int64_t nodes = 1;  ///< of the whole tree at this level
    std::int64_t m = 1;      ///< lines of a child
    AlignedArray<T> twiddles;
  };

  std::size_t row_bytes() const { return static_cast<std::size_t>(2 * n()) * sizeof(T); }
  bool is_compact() const { return turns_.size() > 0; }
  std::int64_t subtree_nodes() const { return levels_.back().nodes / levels_[sweep_depth_].nodes; }

  template <class Twiddle>
  void make_lane_roots(const Twiddle& twiddle);
  void allocate_levels();
  template <class Twiddle>
  void fill_levels(const Twiddle& twiddle);
  template <class Twiddle>
  void fill_compact_center(const Twiddle& twiddle, const std::vector<std::int64_t>& node_offsets);
  void visit(CenterOp op, const CenterArgs<T>& args, std::size_t level, std::int64_t node) const;
  void sweep(CenterOp op, const CenterArgs<T>& args, std::size_t level, std::int64_t node) const;
  void descend(CenterOp op, const CenterArgs<T>& args, std::size_t level, std::int64_t first_node, std::int64_t nodes) const;
  void ascend(CenterOp op, const CenterArgs<T>& args, std::size_t level, std::int64_t first_node, std::int64_t nodes) const;
  void pass(bool descend, T* lines, std::size_t level, std::int64_t first_node, std::int64_t nodes) const;
  void pass_by_team(bool descend, T* lines, std::size_t level, const Team& team) const;
  std::int64_t line_size() const { return 2 * factorization_.lanes; }

  const KernelTable<T>& kernels_;
  Factorization factorization_;
  AlignedArray<T> lane_roots_;
  std::vector<Level> levels_;
  std::int64_t edge_parts_ = 1;
  std::size_t sweep_depth_ = 0;  ///< a subtree from this level on is done level by level
  AlignedArray<T> turns_;        ///< where the centre's twiddles are compact: those of the first subtree are kept, and these for each
};

extern template class Transform<float>;
extern template class Transform<double>;

}  // namespace longwing::cpu
