#include "cpu/cost_model.h"

#include <algorithm>
#include <limits>

namespace longwing::cpu {
namespace {

// Vector operations of a row that do not depend on its length: calls, tiles, the plan's bookkeeping.
constexpr double kTransformSetup = 650, kDirectSetup = 200;

// A fused multiplication and a load for each tap and vector of outputs. The load is unaligned: one as long as a cache line nearly
// always crosses into the next.
double direct_cost(const LagMap& map, const VectorUnit& unit, std::size_t element_size) {
  const double vectors = static_cast<double>((map.output_length + unit.lanes - 1) / unit.lanes);
  const double tap = static_cast<std::size_t>(unit.lanes) * element_size == 64 ? 2.0 : 1.75;
  return kDirectSetup + vectors * (tap * static_cast<double>(map.lags.span() + 1) + 4);
}

// What a pass costs more when lines, twiddles and spectrum (three arrays of 2n) leave the L1, the L2 and the shared cache.
double memory_factor(std::int64_t n, std::size_t element_size) {
  const double bytes = 6.0 * static_cast<double>(n) * static_cast<double>(element_size);
  if (bytes <= 48e3) return 1.0;
  if (bytes <= 1.5e6) return 1.15;
  if (bytes <= 16e6) return 1.4;
  return 1.9;
}

// Down, product and up for `windows` windows; the filter's own transform is shared by the batch and left out.
double transform_cost(const Factorization& f, double windows, std::size_t element_size) {
  return windows * (kTransformSetup + 2 * f.cost * memory_factor(f.n, element_size) + 8 * static_cast<double>(f.lines()));
}

}  // namespace

Choice choose_form(const LagMap& map, const VectorUnit& unit, std::size_t element_size) {
  constexpr double kNever = std::numeric_limits<double>::infinity();
  Choice choice;
  choice.direct_cost = direct_cost(map, unit, element_size);
  const std::int64_t coefficients = minimum_coefficients(map);
  const Factorization whole = choose_length((coefficients + 1) / 2, unit);
  choice.one_transform_cost = transform_cost(whole, 1, element_size);

  choice.overlap_save_cost = kNever;
  Factorization window;
  // A window below twice the lags' span wastes more than half of each transform.
  for (std::int64_t n = std::max<std::int64_t>(map.lags.span(), 64); n < coefficients / 4; n += n / 2) {
    const Factorization candidate = choose_length(n, unit);
    const std::int64_t step = 2 * candidate.n - map.lags.span();
    const auto windows = static_cast<double>((map.output_length + step - 1) / step);
    const double cost = transform_cost(candidate, windows, element_size);
    if (cost < choice.overlap_save_cost) {
      choice.overlap_save_cost = cost;
      window = candidate;
    }
  }

  choice.cost = std::min({choice.direct_cost, choice.overlap_save_cost, choice.one_transform_cost});
  if (choice.cost == choice.direct_cost) {
    choice.form = Form::kDirect;
  } else if (choice.cost == choice.overlap_save_cost) {
    choice.form = Form::kOverlapSave;
    choice.factorization = window;
  } else {
    choice.form = Form::kOneTransform;
    choice.factorization = whole;
  }
  return choice;
}

}  // namespace longwing::cpu
