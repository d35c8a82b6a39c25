#include "longwing/tensor_view.h"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "longwing/error.h"

namespace longwing {
namespace {

// One unknown of "sum of stride·x = distance": x in [lo, hi].
struct Term {
  std::int64_t stride = 0, lo = 0, hi = 0;
};

// Does sum(term.stride · x) come within (-reach, reach) of distance? Largest strides first; `budget` bounds the search, and where
// it runs out the answer is yes.
bool reachable(const std::vector<Term>& terms, std::size_t first, std::int64_t distance, std::int64_t reach, int& budget) {
  if (--budget < 0) return true;
  if (first == terms.size()) return distance > -reach && distance < reach;
  std::int64_t rest_lo = 0, rest_hi = 0;
  for (std::size_t i = first + 1; i < terms.size(); ++i) {
    rest_lo += terms[i].stride * terms[i].lo;
    rest_hi += terms[i].stride * terms[i].hi;
  }
  const Term& term = terms[first];
  for (std::int64_t x = std::max(term.lo, (distance - reach - rest_hi) / term.stride - 1);
       x <= term.hi && term.stride * x <= distance + reach - rest_lo; ++x) {
    if (reachable(terms, first + 1, distance - term.stride * x, reach, budget)) return true;
    if (budget < 0) return true;
  }
  return false;
}

// Adds sign · (index · stride) of one view to the terms; equal strides share a term, negative ones shift the base.
void add_terms(const TensorView& view, int sign, std::map<std::int64_t, Term>& terms, std::int64_t& base) {
  const auto width = static_cast<std::int64_t>(size_of(view.dtype));
  for (int axis = 0; axis < view.rank; ++axis) {
    std::int64_t stride = view.stride(axis) * width;
    const std::int64_t last = view.extent(axis) - 1;
    if (stride == 0 || last == 0) continue;
    if (stride < 0) {
      base += sign * stride * last;
      stride = -stride;
    }
    Term& term = terms[stride];
    term.stride = stride;
    (sign > 0 ? term.hi : term.lo) += sign * last;
  }
}

// Does each axis step over all that the axes behind it span? True of every contiguous array.
bool is_nested(const TensorView& view) {
  std::int64_t span = 0;
  for (int axis = view.rank - 1; axis >= 0; --axis) {
    if (view.extent(axis) == 1) continue;
    const std::int64_t stride = std::abs(view.stride(axis));
    if (stride <= span) return false;
    span += stride * (view.extent(axis) - 1);
  }
  return true;
}

}  // namespace

TensorView::TensorView(void* data, DType dtype, std::initializer_list<std::int64_t> shape) : data(data), dtype(dtype) {
  set_contiguous(shape);
}

TensorView::TensorView(const void* data, DType dtype, std::initializer_list<std::int64_t> shape)
    : data(const_cast<void*>(data)), dtype(dtype), writable(false) {
  set_contiguous(shape);
}

void TensorView::set_contiguous(std::initializer_list<std::int64_t> extents) {
  rank = checked_rank(static_cast<std::int64_t>(extents.size()));
  std::copy(extents.begin(), extents.end(), shape.begin());
  std::int64_t step = 1;
  for (int axis = rank - 1; axis >= 0; --axis) {
    strides[static_cast<std::size_t>(axis)] = step;
    step *= std::max<std::int64_t>(extent(axis), 1);
  }
}

std::int64_t TensorView::size(const char* argument) const {
  std::int64_t product = 1;
  bool empty = false, overflow = false;
  for (int axis = 0; axis < rank; ++axis) {
    empty = empty || extent(axis) == 0;
    overflow = __builtin_mul_overflow(product, std::max<std::int64_t>(extent(axis), 1), &product) || overflow;
  }
  if (empty) return 0;
  if (overflow || product > std::numeric_limits<std::int64_t>::max() / 8) {
    throw ValueError(std::string(argument) + " has more elements than an array can hold: at most 2**60 are supported");
  }
  return product;
}

bool may_overlap(const TensorView& a, const TensorView& b) {
  if (!(a.device == b.device) || a.size() == 0 || b.size() == 0) return false;
  std::map<std::int64_t, Term> by_stride;
  std::int64_t base = 0;
  add_terms(a, 1, by_stride, base);
  add_terms(b, -1, by_stride, base);
  std::vector<Term> terms;
  for (auto it = by_stride.rbegin(); it != by_stride.rend(); ++it) terms.push_back(it->second);
  // a + base + sum < b + width_b and b < a + base + sum + width_a
  const auto distance = static_cast<std::int64_t>(static_cast<char*>(b.data) - static_cast<char*>(a.data)) - base;
  const auto reach = static_cast<std::int64_t>(std::max(size_of(a.dtype), size_of(b.dtype)));
  int budget = 10000;
  return reachable(terms, 0, distance, reach, budget);
}

bool repeats_elements(const TensorView& view) {
  if (view.size() == 0 || is_nested(view)) return false;
  const auto difference = [&view](int axis, std::int64_t lo) { return Term{std::abs(view.stride(axis)), lo, view.extent(axis) - 1}; };
  // Two elements at one address differ in their indices: by 1 or more on some axis, not on those before it, somehow on those behind.
  int budget = 10000;
  for (int axis = 0; axis < view.rank; ++axis) {
    if (view.extent(axis) == 1) continue;
    if (view.stride(axis) == 0) return true;
    std::vector<Term> terms = {difference(axis, 1)};
    for (int other = axis + 1; other < view.rank; ++other) {
      if (view.extent(other) > 1 && view.stride(other) != 0) terms.push_back(difference(other, 1 - view.extent(other)));
    }
    std::sort(terms.begin(), terms.end(), [](const Term& a, const Term& b) { return a.stride > b.stride; });
    if (reachable(terms, 0, 0, 1, budget)) return true;
  }
  return false;
}

DType dtype_from_dlpack(int code, int bits, int lanes) {
  constexpr int kFloat = 2, kBFloat = 4;
  if (lanes == 1 && code == kFloat && bits == 32) return DType::kFloat32;
  if (lanes == 1 && code == kFloat && bits == 64) return DType::kFloat64;
  if (lanes == 1 && code == kFloat && bits == 16) return DType::kFloat16;
  if (lanes == 1 && code == kBFloat && bits == 16) return DType::kBFloat16;
  constexpr const char* kKinds[] = {"int", "uint", "float", "opaque", "bfloat", "complex", "bool"};
  const std::string kind = code >= 0 && code < 7 ? kKinds[code] : "code " + std::to_string(code) + " of ";
  throw TypeError("dtype " + kind + std::to_string(bits) + (lanes == 1 ? "" : "x" + std::to_string(lanes)) +
                  " is not supported: float32, float64, float16 and bfloat16 are");
}

Device device_from_dlpack(int device_type, int device_id) {
  constexpr int kCpu = 1, kCuda = 2, kCudaHost = 3, kCudaManaged = 13;
  if (device_type == kCpu || device_type == kCudaHost) return {DeviceType::kCpu, 0};
  if (device_type == kCuda || device_type == kCudaManaged) return {DeviceType::kCuda, device_id};
  throw TypeError("DLPack device type " + std::to_string(device_type) + " is not supported: CPU (1) and CUDA (2) are");
}

int checked_rank(std::int64_t rank, const char* argument) {
  if (rank < 0 || rank > TensorView::kMaxRank) {
    throw ValueError(std::string(argument) + " must have at most " + std::to_string(TensorView::kMaxRank) + " axes, got " +
                     std::to_string(rank));
  }
  return static_cast<int>(rank);
}

}  // namespace longwing
