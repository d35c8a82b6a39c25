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
  static_assert(kThreads * kElements == kPolicy.n() && kPolicy.nodes(kPolicy.passes) == kPolicy.n());

  /// `row` of the block, `thread` of the row, `node` of the three-pass form that the row is (0 in one pass), `nodes` of them.
  LONGWING_HD BlockFft(const TwiddleTables& twiddles, int row, int thread, int node, int nodes)
      : twiddles_(twiddles),
        exchange_(shared_memory<Complex<T>>() + padded(row * kPolicy.n())),
        thread_(thread),
        node_(node),
        nodes_(nodes) {}

  /// Point of the row that register `element` of `thread` holds in a pass.
  template <int Pass>
  LONGWING_HD static constexpr int position(int thread, int element) {
    constexpr int kRadix = kPolicy.radices[Pass], kStride = kPolicy.stride(Pass);
    const int butterfly = thread + kThreads * (element / kRadix);
    return butterfly / kStride * (kRadix * kStride) + element % kRadix * kStride + butterfly % kStride;
  }

  /// Slot of a point in the exchange buffer.
  LONGWING_HD static constexpr int padded(int position) { return position + position / kPolicy.pad_every(sizeof(T)); }

  /// Before the forward and after the inverse transform register `element` holds point thread + step(element) of the row.
  LONGWING_HD static constexpr int step(int element) { return position<0>(0, element); }

  /// Which number of the transform register `element` holds after forward(): j0 + r0·(j1 + r1·(j2 + …)) for child jp of each pass.
  LONGWING_HD static constexpr int frequency(int thread, int element) { return reversed_digits<kLast>(position<kLast>(thread, element)); }

  /// Slot of register `element` in exchange(), while no transform runs: nobody else's.
  LONGWING_HD int own_slot(int element) const { return slot<0>(element); }
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

  template <int Pass>
  LONGWING_HD int slot(int element) const {
    return padded(position<Pass>(thread_, 0)) + padded(position<Pass>(0, element));
  }

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
      load_twiddles<kRadix>(table + (thread_ + kThreads * c) / kStride, static_cast<std::int64_t>(nodes_) * kNodes, kept);
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
    LONGWING_UNROLL
    for (int e = 0; e < kElements; ++e) exchange_[slot<From>(e)] = x[e];
    row_barrier();  // the row's points are written
    LONGWING_UNROLL
    for (int e = 0; e < kElements; ++e) x[e] = exchange_[slot<To>(e)];
  }

  const TwiddleTables& twiddles_;
  Complex<T>* exchange_;
  int thread_, node_, nodes_;
};

}  // namespace longwing::cuda
