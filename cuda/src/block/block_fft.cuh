// The transform of the rows of a block: in place in the threads' registers, one exchange through shared memory between passes.
//
// formula   forward: the tree of rings of core/twiddle.h over root modulo x^n - c; pass p splits each of its nodes v, whose points are
//           x[(v·R + q)·m + low], q < R, low < m, into R: x[q] *= zeta_v^q, then the R-point butterfly. Inverse: the passes backwards,
//           conjugated; n times the identity in all.
// owner     thread t of a row owns in pass p the butterflies t + threads·c, c < elements/R; register c·R + q holds point q of it.
// shared    one number of padding after every 128 bytes of points, so that no pass has bank conflicts (tests/cuda_sim counts them) and
//           a thread's points lie at constant distances from its first: an access costs no integer arithmetic.
// barriers  one in each exchange, between its writes and its reads. None after it: a thread next writes the slots that it has
//           read and that nobody else reads, those of the pass it is in. begin_again() between two forward transforms.
// cluster   of C blocks, one row: block b holds the nodes of the first pass from b·R/C on, so that only the exchange beside that pass
//           crosses blocks, each register q of it to or from one of them. A barrier of the cluster before it, since the other block's
//           memory must be there and free, one in it, and one after the last reads.
#pragma once

#include "device/arguments.h"
#include "device/compat.cuh"
#include "policy/policy.h"
#include "thread/butterfly.cuh"
#include "thread/twiddle.cuh"

namespace longwing::cuda {

template <class T, int Log2N>
class BlockFft {
 public:
  static constexpr RowPolicy kPolicy = row_policy<T>(Log2N);
  static constexpr int kElements = kPolicy.elements, kThreads = kPolicy.row_threads(), kLast = kPolicy.passes - 1;
  static constexpr int kBlocks = kPolicy.blocks, kBlockThreads = kThreads / kBlocks;
  static_assert(kBlocks == 1 || (kPolicy.rows == 1 && kElements == kPolicy.radices[0] && kPolicy.radices[0] % kBlocks == 0));
  static_assert(kThreads * kElements == kPolicy.n() && kPolicy.nodes(kPolicy.passes) == kPolicy.n());

  /// `row` of the block, `thread` of the row, `node` of the three-pass form that the row is (0 in one pass), `nodes` of them.
  LONGWING_HD BlockFft(const TwiddleTables& twiddles, int row, int thread, int node, int nodes)
      : twiddles_(twiddles),
        exchange_(shared_memory<Complex<T>>() + padded(row * kPolicy.n())),
        thread_(thread),
        node_(node),
        nodes_(nodes) {}

  /// What a thread works on: unit of the grid, row of the block, thread of the row.
  struct Place {
    std::int64_t unit;
    int slot, thread;
  };
  LONGWING_HD static Place place(int thread_of_block) {
    const std::int64_t block = static_cast<std::int64_t>(block_index());
    if constexpr (kBlocks > 1) return {block / kBlocks, 0, cluster_rank() * kBlockThreads + thread_of_block};
    const int slot = thread_of_block / kThreads;
    return {block * kPolicy.rows + slot, slot, thread_of_block % kThreads};
  }

  /// Butterfly of a pass that register `element` of `thread` belongs to. In a cluster those of a block are neighbours but in the first
  /// pass.
  template <int Pass>
  LONGWING_HD static constexpr int butterfly(int thread, int element) {
    constexpr int kRadix = kPolicy.radices[Pass];
    if constexpr (kBlocks == 1 || Pass == 0) return thread + kThreads * (element / kRadix);
    return thread / kBlockThreads * (kPolicy.block_points() / kRadix) + thread % kBlockThreads + kBlockThreads * (element / kRadix);
  }

  /// Point of the row that register `element` of `thread` holds in a pass.
  template <int Pass>
  LONGWING_HD static constexpr int position(int thread, int element) {
    constexpr int kRadix = kPolicy.radices[Pass], kStride = kPolicy.stride(Pass);
    const int index = butterfly<Pass>(thread, element);
    return index / kStride * (kRadix * kStride) + element % kRadix * kStride + index % kStride;
  }

  /// Slot of a point of a block in its exchange buffer.
  LONGWING_HD static constexpr int padded(int position) { return position + position / kPolicy.pad_every(sizeof(T)); }

  /// Slot of what register `element` of `thread` holds in a pass, in the buffer of the block that holds the point: in the first pass of a
  /// cluster not always the thread's own. A constant distance from the slot of the thread's first.
  template <int Pass>
  LONGWING_HD static constexpr int slot(int thread, int element) {
    const int first = position<Pass>(thread, 0), step = position<Pass>(0, element);
    return padded(first % kPolicy.block_points()) + padded(step % kPolicy.block_points());
  }

  /// Before the forward and after the inverse transform register `element` holds point thread + step(element) of the row.
  LONGWING_HD static constexpr int step(int element) { return position<0>(0, element); }

  /// Which number of the transform register `element` holds after forward(): j0 + r0·(j1 + r1·(j2 + …)) for child jp of each pass.
  LONGWING_HD static constexpr int frequency(int thread, int element) { return reversed_digits<kLast>(position<kLast>(thread, element)); }

  /// Slot of register `element` in exchange(), while no transform runs: nobody else's.
  LONGWING_HD int own_slot(int element) const {
    if constexpr (kBlocks > 1) return thread_ % kBlockThreads + kBlockThreads * element;
    return slot<0>(thread_, element);
  }
  LONGWING_HD Complex<T>* exchange() const { return exchange_; }

  /// Registers hold points point(…); after it the spectrum in the policy's order: element e of thread t is number e·kThreads + t.
  LONGWING_HD void forward(Complex<T> (&x)[kElements]) const { forward_from<0>(x); }

  LONGWING_HD void inverse(Complex<T> (&x)[kElements]) const { inverse_from<kLast>(x); }

  /// Between two forward transforms: the first one's last points are read before the second one's are written.
  LONGWING_HD void begin_again() const { row_barrier(); }

 private:
  // The children's numbers of passes 0 to Pass, of which `point` has the last one as its lowest digit and the result as its highest.
  template <int Pass>
  LONGWING_HD static constexpr int reversed_digits(int point) {
    constexpr int kRadix = kPolicy.radices[Pass], kNodes = kPolicy.nodes(Pass);
    if constexpr (Pass == 0) return point;
    if constexpr (Pass > 0) return point % kRadix * kNodes + reversed_digits<Pass - 1>(point / kRadix);
  }

  /// The buffer of the block that holds register `element` of the first pass.
  LONGWING_HD Complex<T>* exchange_of(int element) const { return cluster_shared(exchange_, element * kBlocks / kElements); }

  template <int Pass>
  LONGWING_HD void forward_from(Complex<T> (&x)[kElements]) const {
    butterflies<Pass, 1>(x);
    if constexpr (Pass < kLast) {
      change_owner<Pass, Pass + 1>(x);
      forward_from<Pass + 1>(x);
    }
  }

  template <int Pass>
  LONGWING_HD void inverse_from(Complex<T> (&x)[kElements]) const {
    butterflies<Pass, -1>(x);
    if constexpr (Pass > 0) {
      change_owner<Pass, Pass - 1>(x);
      inverse_from<Pass - 1>(x);
    }
  }

  template <int Pass, int Sign>
  LONGWING_HD void butterflies(Complex<T> (&x)[kElements]) const {
    constexpr int kRadix = kPolicy.radices[Pass], kNodes = kPolicy.nodes(Pass), kStride = kPolicy.stride(Pass);
    const auto* table = static_cast<const Complex<T>*>(twiddles_.passes[Pass]) + static_cast<std::int64_t>(node_) * kNodes;
    LONGWING_UNROLL
    for (int c = 0; c < kElements / kRadix; ++c) {
      Complex<T> kept[kept_powers(kRadix)];
      load_twiddles<kRadix>(table + butterfly<Pass>(thread_, c * kRadix) / kStride, static_cast<std::int64_t>(nodes_) * kNodes, kept);
      if constexpr (Sign > 0) apply_twiddles<kRadix>(kept, x + c * kRadix);
      thread_butterfly<kRadix, Sign>(x + c * kRadix);
      if constexpr (Sign < 0) apply_conjugate_twiddles<kRadix>(kept, x + c * kRadix);
    }
  }

  LONGWING_HD static void row_barrier() {
    if constexpr (kThreads <= kWarpThreads) {
      warp_barrier();  // all threads of the row are of this warp
    } else {
      block_barrier();
    }
  }

  template <int From, int To>
  LONGWING_HD void change_owner(Complex<T> (&x)[kElements]) const {
    constexpr bool kLeaves = kBlocks > 1 && From == 0, kEnters = kBlocks > 1 && To == 0;
    if constexpr (kLeaves) cluster_barrier();
    LONGWING_UNROLL
    for (int e = 0; e < kElements; ++e) (kLeaves ? exchange_of(e) : exchange_)[slot<From>(thread_, e)] = x[e];
    if constexpr (kLeaves || kEnters) {
      cluster_barrier();
    } else {
      row_barrier();  // the row's points are written
    }
    LONGWING_UNROLL
    for (int e = 0; e < kElements; ++e) x[e] = (kEnters ? exchange_of(e) : exchange_)[slot<To>(thread_, e)];
    if constexpr (kEnters) cluster_barrier();
  }

  const TwiddleTables& twiddles_;
  Complex<T>* exchange_;
  int thread_, node_, nodes_;
};

}  // namespace longwing::cuda
