#include "dispatch/transform_shape.h"

#include <algorithm>
#include <string>

#include "longwing/error.h"

namespace longwing::cuda {
namespace {

constexpr int kMostLog2n = 28;          // places of a window are int: 2n must fit
constexpr int kColumnBits = 4;          // log2 of the largest column radix
constexpr int kUsualRowLog2n = 12;      // rows of 4096 points leave two blocks and more a multiprocessor, longer ones one
constexpr std::int64_t kStepUnit = 32;  // segments begin on a line of 128 bytes where the row does

// Picoseconds a complex point of a fused pass, of each factor two of its length, and of each column pass there and back: from 3 TB/s for
// two samples in and out, 10 TFLOP/s for the butterflies, and 32 bytes a point and column pass. A model: nothing here was measured.
constexpr double kPoint = 5, kLevel = 1, kColumnPass = 10;

double modelled_cost(int log2n, std::size_t column_passes, std::int64_t segments) {
  const double point = kPoint + kLevel * log2n + kColumnPass * static_cast<double>(column_passes);
  return static_cast<double>(segments) * static_cast<double>(std::int64_t{1} << log2n) * point;
}

bool fits_once(const LagMap& map, std::int64_t n) { return 2 * n >= minimum_coefficients(map); }

Window window(const LagMap& map, std::int64_t n, bool once) {
  Window w;
  w.n = static_cast<int>(n);
  w.length = map.input_length;
  w.output_length = map.output_length;
  w.circular = map.circular;
  const std::int64_t room = 2 * n - map.lags.span();
  w.step = once ? map.output_length : room / kStepUnit * kStepUnit;
  const bool plain = once && !map.circular;
  w.ahead = static_cast<int>(plain ? map.input_length : w.step - map.lags.lo);
  w.behind = static_cast<int>(plain ? 0 : map.lags.hi);
  w.segments = static_cast<int>((map.output_length + w.step - 1) / w.step);
  return w;
}

// A kernel takes a sample modulo the length by one subtraction.
bool wraps_once(const Window& w) { return !w.circular || (w.segments - 1) * w.step + w.ahead <= 2 * w.length; }

}  // namespace

// As few column passes as the longest row allows, since each moves the workspace twice; then rows as near the usual length as they leave.
std::vector<int> column_radices(int log2n, int max_row_log2n, int& row_log2n) {
  std::vector<int> radices;
  if (log2n <= max_row_log2n) {
    row_log2n = log2n;
    return radices;
  }
  const int passes = (log2n - max_row_log2n + kColumnBits - 1) / kColumnBits;
  row_log2n = std::min(max_row_log2n, std::max(kUsualRowLog2n, log2n - passes * kColumnBits));
  int bits = log2n - row_log2n;
  for (int left = passes; left > 0; --left) {
    const int these = (bits + left - 1) / left;
    radices.push_back(1 << these);
    bits -= these;
  }
  return radices;
}

TransformShape choose_shape(const LagMap& map, int max_row_log2n) {
  const LagMap adjoint = map.adjoint();
  TransformShape best;
  for (int log2n = kLeastLog2n; log2n <= kMostLog2n; ++log2n) {
    const std::int64_t n = std::int64_t{1} << log2n;
    const bool once = fits_once(map, n);
    if (!once && 2 * n - map.lags.span() < kStepUnit) continue;
    TransformShape shape;
    shape.log2n = log2n;
    shape.column_radices = column_radices(log2n, max_row_log2n, shape.row_log2n);
    shape.forward = window(map, n, once);
    shape.adjoint = window(adjoint, n, once);
    shape.cost = modelled_cost(log2n, shape.column_radices.size(), shape.forward.segments);
    const bool usable = wraps_once(shape.forward) && wraps_once(shape.adjoint);
    if (usable && (best.log2n == 0 || shape.cost < best.cost)) best = shape;
    if (once) break;
  }
  if (best.log2n == 0) {
    throw RuntimeError("length and filter_length ask for a transform of more than 2**" + std::to_string(kMostLog2n) +
                       " points, the longest of the CUDA engine: shorten the filter, or split the rows");
  }
  best.correlated = best.adjoint;
  best.correlated.length = best.correlated.output_length = map.input_length;
  best.correlated.ahead = static_cast<int>(std::min<std::int64_t>(best.adjoint.step, 2 * best.n()));
  best.correlated.behind = 0;
  best.correlated.circular = false;
  return best;
}

}  // namespace longwing::cuda
