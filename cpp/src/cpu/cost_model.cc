#include "cpu/cost_model.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace longwing::cpu {
namespace {

// Vector operations of a row that do not depend on its length: calls, tiles, the plan's bookkeeping.
constexpr double kTransformSetup = 650, kDirectSetup = 200;

// Taps that the vectors of outputs meet, all together: the first meet no samples with their largest lags. A quarter of what that saves
// is lost again, as fewer sums at a time wait for themselves.
double taps_met(const LagMap& map, std::int64_t vectors, std::int64_t lanes) {
  const std::int64_t taps = map.lags.span() + 1, ahead = map.circular ? 0 : std::max<std::int64_t>(map.lags.hi, 0);
  const std::int64_t short_of = std::min(vectors, ahead / lanes);
  const auto left_out = static_cast<double>(short_of * (ahead + 1)) - static_cast<double>(lanes * short_of * (short_of + 1)) / 2;
  return static_cast<double>(vectors) * static_cast<double>(taps) - 0.75 * left_out;
}

// A fused multiplication and a load for each tap and vector of outputs. The load is unaligned: one as long as a cache line nearly
// always crosses into the next.
double direct_cost(const LagMap& map, const VectorUnit& unit, std::size_t element_size) {
  const std::int64_t vectors = (map.output_length + unit.lanes - 1) / unit.lanes;
  const double tap = static_cast<std::size_t>(unit.lanes) * element_size == 64 ? 2.0 : 1.75;
  return kDirectSetup + tap * taps_met(map, vectors, unit.lanes) + 4 * static_cast<double>(vectors);
}

// What a pass costs more as lines, twiddles and spectrum (three arrays of 2n) leave the near caches, and where the parts of a power of
// two lie so many bytes apart that they share sets of the L1 cache. Fitted to windows of 2^11 to 2^19 on Zen 4.
double memory_factor(const Factorization& f, std::size_t element_size) {
  const double bytes = 6.0 * static_cast<double>(f.n) * static_cast<double>(element_size);
  const bool collides = bytes > 150e3 && std::has_single_bit(static_cast<std::uint64_t>(f.n));
  return (1 + 0.1 * std::log2(std::max(1.0, bytes / 150e3))) * (collides ? 1.15 : 1.0);
}

// Down, product and up for `windows` windows; the filter's own transform is shared by the batch and left out.
double transform_cost(const Factorization& f, double windows, std::size_t element_size) {
  return windows * (kTransformSetup + 2 * f.cost * memory_factor(f, element_size) + 8 * static_cast<double>(f.lines()));
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
  for (std::int64_t n = std::max<std::int64_t>(map.lags.span(), 64); n < coefficients / 4; n += n / 4) {
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
