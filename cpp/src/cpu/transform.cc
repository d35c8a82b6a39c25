#include "cpu/transform.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <type_traits>
#include <utility>

#include "core/process_local.h"
#include "core/twiddle.h"

namespace longwing::cpu {
namespace {

// A subtree of this size is done level by level: with its twiddles and its part of the filter it fits a 48 KiB L1 cache.
constexpr std::size_t kSweepBytes = 16384;
// The centre has a twiddle for nearly every point. From this size on its table would be read from beyond the L2 cache, three times a
// row, and it is made subtree by subtree from that of the first: 7 % of a pair's centre against the memory's bandwidth.
constexpr std::size_t kWholeTableBytes = 1 << 20;
// From this size on the edges of a team do the root's pass: two threads 10 % at 256K, 15 % at 1M, 25 % at 4M. One thread has nothing
// from it, or loses 2 %, as long as the row is in the last cache, and 15 % at 4M.
constexpr std::size_t kTeamRootBytes = 1 << 20, kRootBytes = 1 << 24;
// Positions of one task where a team shares a pass: enough to hide the cost of handing it out.
constexpr std::int64_t kTeamLines = 512;

// Roots one precision above T's, so that the products of two are still correctly rounded almost always.
template <class T>
using Roots = RootTable<std::conditional_t<std::is_same_v<T, float>, double, long double>>;

// The transforms that some plan holds, by length.
template <class T>
struct Made {
  std::mutex mutex;
  std::map<std::int64_t, std::weak_ptr<const Transform<T>>> by_length;
};

}  // namespace

template <class T>
Transform<T>::Transform(const KernelTable<T>& kernels, Factorization factorization)
    : kernels_(kernels), factorization_(std::move(factorization)) {
  allocate_levels();
  const Roots<T> root(4 * factorization_.n);
  // A node with numerator a of P multiplies its part q of r by this.
  const auto twiddle = [&](std::int64_t a, std::int64_t nodes, int q, int radix) {
    return root(q * a % (4 * nodes * radix) * (factorization_.n / (nodes * radix)));
  };
  make_lane_roots(twiddle);
  fill_levels(twiddle);
}

// All tables before the first is filled: a length that is beyond the machine's memory is refused at once.
template <class T>
void Transform<T>::allocate_levels() {
  std::int64_t m = factorization_.lines(), nodes = 1;
  for (const int radix : factorization_.radices) {
    m /= radix;
    levels_.push_back({.radix = radix, .nodes = nodes, .m = m, .twiddles = {}});
    nodes *= radix;
  }
  const auto bytes = [this](std::int64_t lines) { return static_cast<std::size_t>(lines * line_size()) * sizeof(T); };
  while (sweep_depth_ + 1 < levels_.size() && bytes(levels_[sweep_depth_].radix * levels_[sweep_depth_].m) > kSweepBytes) ++sweep_depth_;
  if (sweep_depth_ > 0 && row_bytes() >= kTeamRootBytes) edge_parts_ = levels_[0].radix;
  for (Level& level : levels_) {
    std::int64_t twiddle_lines = level.nodes * (level.radix - 1);
    if (&level == &levels_.back() && bytes(twiddle_lines) > kWholeTableBytes) {
      turns_ = AlignedArray<T>(static_cast<std::size_t>(2 * (level.radix - 1) * levels_[sweep_depth_].nodes));
      twiddle_lines = 2 * subtree_nodes() * (level.radix - 1);
    }
    level.twiddles = AlignedArray<T>(static_cast<std::size_t>(twiddle_lines * line_size()));
  }
}

// As kernels/edge.h wants them.
template <class T>
template <class Twiddle>
void Transform<T>::make_lane_roots(const Twiddle& twiddle) {
  const int a = kernels_.lane_radices[0], b = kernels_.lane_radices[1];
  const std::vector<std::int64_t> chunk_numerators = node_numerators({a});
  lane_roots_ = AlignedArray<T>(static_cast<std::size_t>((a + b - 2) * line_size() + 2 * (a - 1)));
  T* out = lane_roots_.data();
  // The lines of one level of this radix, below `nodes` nodes: they differ by chunk.
  const auto append_lines = [&](int nodes, int radix) {
    for (int q = 1; q < radix; ++q, out += line_size()) {
      for (int lane = 0; lane < a * b; ++lane) {
        const auto w = rounded_root<T>(twiddle(chunk_numerators[static_cast<std::size_t>(lane / b)], nodes, q, radix));
        out[lane] = w.real();
        out[lane + a * b] = w.imag();
      }
    }
  };
  append_lines(a, b);
  append_lines(1, a);
  for (int q = 1; q < a; ++q, out += 2) {
    const auto w = rounded_root<T>(twiddle(1, 1, q, a));
    out[0] = w.real();
    out[1] = w.imag();
  }
}

template <class T>
template <class Twiddle>
void Transform<T>::fill_levels(const Twiddle& twiddle) {
  const std::int64_t lanes = factorization_.lanes;
  const std::vector<std::int64_t> lane_numerators = node_numerators({kernels_.lane_radices[0], kernels_.lane_radices[1]});
  std::vector<std::int64_t> node_offsets = {0};  // what a node adds to its lane's numerator
  std::int64_t product = lanes;
  for (Level& level : levels_) {
    if (&level == &levels_.back() && is_compact()) return fill_compact_center(twiddle, node_offsets);
    const int radix = level.radix;
    T* out = level.twiddles.data();
    std::vector<std::int64_t> children;
    children.reserve(node_offsets.size() * static_cast<std::size_t>(radix));
    for (const std::int64_t offset : node_offsets) {
      for (int q = 1; q < radix; ++q, out += line_size()) {
        for (std::int64_t lane = 0; lane < lanes; ++lane) {
          const auto w = rounded_root<T>(twiddle(lane_numerators[static_cast<std::size_t>(lane)] + offset, product, q, radix));
          out[lane] = w.real();
          out[lane + lanes] = w.imag();
        }
      }
      for (int j = 0; j < radix; ++j) children.push_back(offset + 4 * product * j);
    }
    node_offsets = std::move(children);
    product *= radix;
  }
}

// A node's offset is that of its subtree, a small one, plus its offset in the first subtree: the twiddle is a product.
template <class T>
template <class Twiddle>
void Transform<T>::fill_compact_center(const Twiddle& twiddle, const std::vector<std::int64_t>& node_offsets) {
  const std::int64_t lanes = factorization_.lanes, nodes = subtree_nodes();
  const std::vector<std::int64_t> lane_numerators = node_numerators({kernels_.lane_radices[0], kernels_.lane_radices[1]});
  Level& center = levels_.back();
  const std::int64_t product = lanes * center.nodes;
  T *near = center.twiddles.data(), *rest = near + center.twiddles.size() / 2, *turn = turns_.data();
  for (std::int64_t node = 0; node < nodes; ++node) {
    for (int q = 1; q < center.radix; ++q, near += line_size(), rest += line_size()) {
      for (std::int64_t lane = 0; lane < lanes; ++lane) {
        const auto w = twiddle(lane_numerators[static_cast<std::size_t>(lane)] + node_offsets[static_cast<std::size_t>(node)], product, q,
                               center.radix);
        near[lane] = static_cast<T>(w.real());
        near[lane + lanes] = static_cast<T>(w.imag());
        rest[lane] = static_cast<T>(w.real() - near[lane]);
        rest[lane + lanes] = static_cast<T>(w.imag() - near[lane + lanes]);
      }
    }
  }
  for (std::int64_t node = 0; node < center.nodes; node += nodes) {
    for (int q = 1; q < center.radix; ++q, turn += 2) {
      const auto w = twiddle(node_offsets[static_cast<std::size_t>(node)], product, q, center.radix);
      turn[0] = static_cast<T>(w.real() - 1);
      turn[1] = static_cast<T>(w.imag());
    }
  }
}

template <class T>
std::shared_ptr<const Transform<T>> Transform<T>::shared(const KernelTable<T>& kernels, const Factorization& factorization) {
  auto& made = process_local<Made<T>>();
  {
    const std::lock_guard lock(made.mutex);
    if (const auto it = made.by_length.find(factorization.n); it != made.by_length.end()) {
      if (auto transform = it->second.lock()) return transform;
    }
  }
  auto transform = std::make_shared<const Transform>(kernels, factorization);
  const std::lock_guard lock(made.mutex);
  std::erase_if(made.by_length, [](const auto& entry) { return entry.second.expired(); });
  made.by_length[factorization.n] = transform;
  return transform;
}

template <class T>
std::size_t Transform<T>::bytes() const {
  std::size_t numbers = lane_roots_.size() + turns_.size();
  for (const Level& level : levels_) numbers += level.twiddles.size();
  return numbers * sizeof(T);
}

template <class T>
void Transform<T>::pass(bool descend, T* lines, std::size_t depth, std::int64_t first_node, std::int64_t nodes) const {
  const Level& level = levels_[depth];
  const PassArgs<T> args{.lines = lines + first_node * level.radix * level.m * line_size(),
                         .twiddles = level.twiddles.data() + first_node * (level.radix - 1) * line_size(),
                         .nodes = nodes,
                         .m = level.m,
                         .begin = 0,
                         .end = level.m};
  (descend ? kernels_.descend : kernels_.ascend)(level.radix)(args);
}

template <class T>
void Transform<T>::pass_by_team(bool descend, T* lines, std::size_t depth, const Team& team) const {
  const Level& level = levels_[depth];
  const std::int64_t parts = (level.m + kTeamLines - 1) / kTeamLines;
  const auto kernel = (descend ? kernels_.descend : kernels_.ascend)(level.radix);
  team.for_each(level.nodes * parts, [&](std::int64_t task) {
    const std::int64_t node = task / parts, part = task % parts;
    kernel({.lines = lines + node * level.radix * level.m * line_size(),
            .twiddles = level.twiddles.data() + node * (level.radix - 1) * line_size(),
            .nodes = 1,
            .m = level.m,
            .begin = part * kTeamLines,
            .end = std::min(level.m, (part + 1) * kTeamLines)});
  });
}

template <class T>
bool Transform<T>::edges_do_root(const Team& team) const {
  return edge_parts_ > 1 && row_bytes() >= (team.workers() > 1 ? kTeamRootBytes : kRootBytes);
}

template <class T>
void Transform<T>::pass_root(bool descend, T* lines, std::int64_t begin, std::int64_t end) const {
  const Level& root = levels_[0];
  (descend ? kernels_.descend : kernels_.ascend)(root.radix)(
      {.lines = lines, .twiddles = root.twiddles.data(), .nodes = 1, .m = root.m, .begin = begin, .end = end});
}

template <class T>
void Transform<T>::descend(CenterOp op, const CenterArgs<T>& args, std::size_t depth, std::int64_t first_node, std::int64_t nodes) const {
  if (descends(op)) pass(true, args.lines, depth, first_node, nodes);
  if (other_descends(op)) pass(true, args.other, depth, first_node, nodes);
}

template <class T>
void Transform<T>::ascend(CenterOp op, const CenterArgs<T>& args, std::size_t depth, std::int64_t first_node, std::int64_t nodes) const {
  if (ascends(op)) pass(false, args.lines, depth, first_node, nodes);
  if (other_ascends(op)) pass(false, args.other, depth, first_node, nodes);
}

// The whole subtree below a node, level by level.
template <class T>
void Transform<T>::sweep(CenterOp op, const CenterArgs<T>& args, std::size_t depth, std::int64_t node) const {
  const std::size_t last = levels_.size() - 1;
  const auto first_node = [&](std::size_t d) { return node * (levels_[d].nodes / levels_[depth].nodes); };
  const auto node_count = [&](std::size_t d) { return levels_[d].nodes / levels_[depth].nodes; };
  for (std::size_t d = depth; d < last; ++d) descend(op, args, d, first_node(d), node_count(d));
  const Level& level = levels_[last];
  const std::int64_t offset = first_node(last) * level.radix * line_size();
  const auto at = [offset](auto* p) { return p ? p + offset : p; };
  CenterArgs<T> part = args;
  part.lines = at(args.lines);
  part.filter = at(args.filter);
  part.other = at(args.other);
  part.sum = at(args.sum);
  part.store = at(args.store);
  part.nodes = node_count(last);
  alignas(64) T turned[kSweepBytes / sizeof(T)];
  if (is_compact()) {
    const T* const near = level.twiddles.data();
    kernels_.turn({.dst = turned,
                   .near = near,
                   .rest = near + level.twiddles.size() / 2,
                   .turns = turns_.data() + 2 * (level.radix - 1) * node,
                   .nodes = part.nodes,
                   .parts = level.radix - 1});
    part.twiddles = turned;
  } else {
    part.twiddles = level.twiddles.data() + first_node(last) * (level.radix - 1) * line_size();
  }
  kernels_.center(op, level.radix)(part);
  for (std::size_t d = last; d-- > depth;) ascend(op, args, d, first_node(d), node_count(d));
}

template <class T>
void Transform<T>::visit(CenterOp op, const CenterArgs<T>& args, std::size_t depth, std::int64_t node) const {
  if (depth == sweep_depth_) return sweep(op, args, depth, node);
  const int radix = levels_[depth].radix;
  descend(op, args, depth, node, 1);
  for (int j = 0; j < radix; ++j) visit(op, args, depth + 1, node * radix + j);
  ascend(op, args, depth, node, 1);
}

template <class T>
void Transform<T>::run(CenterOp op, const CenterArgs<T>& args, const Team& team) const {
  const std::size_t top = edges_do_root(team) ? 1 : 0;
  std::size_t split = top;
  while (team.workers() > 1 && split < sweep_depth_ && levels_[split].nodes < 4 * team.workers()) ++split;
  for (std::size_t d = top; d < split; ++d) {
    if (descends(op)) pass_by_team(true, args.lines, d, team);
    if (other_descends(op)) pass_by_team(true, args.other, d, team);
  }
  team.for_each(levels_[split].nodes, [&](std::int64_t node) { visit(op, args, split, node); });
  for (std::size_t d = split; d-- > top;) {
    if (ascends(op)) pass_by_team(false, args.lines, d, team);
    if (other_ascends(op)) pass_by_team(false, args.other, d, team);
  }
}

template class Transform<float>;
template class Transform<double>;

}  // namespace longwing::cpu
