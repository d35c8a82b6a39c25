// Where a sample or a tap stands in the ring of real polynomials modulo x^2n = -1.
//
// Every mode is one rule: y[t] = sum_d kappa[d]·x[t-d] over lags d in [lo, hi]. Causal and full have lo = 0; "same" and "valid"
// move the origin, so part of the taps has negative lags; a reverse filter has negative lags by definition.
// A lag d < 0 enters the ring at 2n+d with the sign turned. An index in [n, 2n) is the imaginary part of index-n.
#pragma once

#include <cstdint>

#include "longwing/spec.h"

namespace longwing {

struct LagRange {
  std::int64_t lo = 0, hi = 0;
  std::int64_t span() const { return hi - lo; }
};

/// One side of the operation as a rule over lags: forward, or with `adjoint` the map from dy to du.
struct LagMap {
  std::int64_t input_length = 0;
  std::int64_t output_length = 0;
  LagRange lags;
  bool circular = false;  ///< both sides have period input_length

  LagMap adjoint() const { return {output_length, input_length, {-lags.hi, -lags.lo}, circular}; }
};

LagMap lag_map(const ConvSpec& spec);

/// Real coefficients one transform needs at least: no needed lag may alias into another modulo 2n.
std::int64_t minimum_coefficients(const LagMap& map);

/// A run of taps whose lags follow one another: tap begin+i has lag first_lag + step·i.
struct TapRun {
  std::int64_t begin = 0, count = 0;
  std::int64_t first_lag = 0;
  int step = 1;
};

/// Calls `visit(TapRun)` for every run of taps of k (or of the reverse filter) whose lags can reach an output; circular lags
/// are wrapped into the map's range. Taps that can't reach one are left out: they are cropped.
template <class Visit>
void for_each_tap_run(const ConvSpec& spec, const LagMap& map, bool reverse, Visit&& visit);

/// Lag of tap 0, before wrapping; tap j has lag tap_origin ± j.
std::int64_t tap_origin(const ConvSpec& spec, bool reverse);

template <class Visit>
void for_each_tap_run(const ConvSpec& spec, const LagMap& map, bool reverse, Visit&& visit) {
  const std::int64_t taps = reverse ? spec.reverse_length : spec.filter_length;
  const int step = reverse ? -1 : 1;
  const std::int64_t origin = tap_origin(spec, reverse);
  const std::int64_t lo = map.lags.lo, hi = map.lags.hi;
  for (std::int64_t tap = 0; tap < taps;) {
    std::int64_t lag = origin + step * tap;
    if (map.circular) {
      const std::int64_t period = map.input_length;
      lag = lo + ((lag - lo) % period + period) % period;
    }
    if (lag < lo || lag > hi) {  // outside the range: skip to the first tap inside it, if there is one ahead
      const std::int64_t ahead = step > 0 ? lo - lag : lag - hi;
      if (!map.circular && ahead <= 0) return;
      tap += ahead > 0 ? ahead : 1;
      continue;
    }
    const std::int64_t room = (step > 0 ? hi - lag : lag - lo) + 1;
    const std::int64_t count = room < taps - tap ? room : taps - tap;
    visit(TapRun{tap, count, lag, step});
    tap += count;
  }
}

}  // namespace longwing
