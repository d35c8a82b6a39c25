// Lags, runs of taps and ring sizes of every mode, by brute force over all small sizes.
#include "core/index_map.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "random_values.h"

namespace longwing {
namespace {

std::int64_t modulo(std::int64_t a, std::int64_t b) { return (a % b + b) % b; }

std::string name(const ConvSpec& s) {
  return std::string(to_string(s.mode)) + " L=" + std::to_string(s.length) + " K=" + std::to_string(s.filter_length) +
         " R=" + std::to_string(s.reverse_length) + " " + to_string(s.reverse_lag);
}

std::vector<ConvSpec> small_specs() {
  std::vector<ConvSpec> specs;
  for (std::int64_t length = 1; length <= 7; ++length) {
    for (std::int64_t taps = 1; taps <= 10; ++taps) {
      for (const Mode mode : {Mode::kCausal, Mode::kCircular, Mode::kSame, Mode::kFull, Mode::kValid}) {
        const bool two_sided = mode == Mode::kCausal || mode == Mode::kCircular;
        for (std::int64_t reverse = 0; reverse <= (two_sided ? 9 : 0); ++reverse) {
          for (const ReverseLag lag : {ReverseLag::kShifted, ReverseLag::kOverlapped}) {
            specs.push_back({.length = length, .filter_length = taps, .reverse_length = reverse, .mode = mode, .reverse_lag = lag});
          }
        }
      }
    }
  }
  return specs;
}

// Lag of a tap by the operation's definition: y[t] takes x[t - lag].
std::int64_t defined_lag(const ConvSpec& s, bool reverse, std::int64_t tap) {
  if (reverse) return -(tap + (s.reverse_lag == ReverseLag::kShifted ? 1 : 0));
  if (s.mode == Mode::kSame) return tap - (s.filter_length - 1) / 2;
  if (s.mode == Mode::kValid) return tap - (std::min(s.length, s.filter_length) - 1);
  return tap;
}

bool reaches_an_output(const LagMap& map, std::int64_t lag) {
  if (map.circular) return true;
  for (std::int64_t t = 0; t < map.output_length; ++t) {
    if (t - lag >= 0 && t - lag < map.input_length) return true;
  }
  return false;
}

TEST(TapRuns, CoverEveryTapThatReachesAnOutputOnce) {
  for (const ConvSpec& spec : small_specs()) {
    const LagMap map = lag_map(spec);
    for (const bool reverse : {false, true}) {
      std::vector<int> visits(static_cast<std::size_t>(reverse ? spec.reverse_length : spec.filter_length));
      for_each_tap_run(spec, map, reverse, [&](const TapRun& run) {
        EXPECT_GE(run.count, 1) << name(spec);
        for (std::int64_t i = 0; i < run.count; ++i) {
          ++visits[static_cast<std::size_t>(run.begin + i)];
          const std::int64_t lag = run.first_lag + run.step * i, defined = defined_lag(spec, reverse, run.begin + i);
          EXPECT_TRUE(lag >= map.lags.lo && lag <= map.lags.hi) << name(spec);
          EXPECT_EQ(map.circular ? modulo(lag, spec.length) : lag, map.circular ? modulo(defined, spec.length) : defined) << name(spec);
        }
      });
      for (std::size_t tap = 0; tap < visits.size(); ++tap) {
        const std::int64_t lag = defined_lag(spec, reverse, static_cast<std::int64_t>(tap));
        EXPECT_EQ(visits[tap], reaches_an_output(map, lag) ? 1 : 0) << name(spec) << " tap " << tap;
      }
    }
  }
}

TEST(LagMaps, KeepNoLagThatReachesNoOutput) {
  for (const ConvSpec& spec : small_specs()) {
    const LagMap map = lag_map(spec);
    ASSERT_LE(map.lags.lo, map.lags.hi) << name(spec);
    EXPECT_TRUE(reaches_an_output(map, map.lags.lo) && reaches_an_output(map, map.lags.hi)) << name(spec);
    if (map.circular) {
      EXPECT_LT(map.lags.span(), spec.length) << name(spec);
    }
  }
}

using Values = std::vector<double>;

double at(const Values& values, std::int64_t i) { return values[static_cast<std::size_t>(i)]; }

// y[t] = sum_d kappa[d]·x[t-d]
Values direct_sums(const LagMap& map, const Values& kappa, const Values& x) {
  Values y(static_cast<std::size_t>(map.output_length));
  for (std::int64_t t = 0; t < map.output_length; ++t) {
    for (std::int64_t d = map.lags.lo; d <= map.lags.hi; ++d) {
      const std::int64_t i = map.circular ? modulo(t - d, map.input_length) : t - d;
      if (i >= 0 && i < map.input_length) y[static_cast<std::size_t>(t)] += at(kappa, d - map.lags.lo) * at(x, i);
    }
  }
  return y;
}

// The same through real polynomials modulo x^size = -1.
Values ring_sums(const LagMap& map, const Values& kappa, const Values& x, std::int64_t size) {
  const std::int64_t shift = map.circular ? map.lags.hi : 0;  // a circular row enters `shift` samples early, as a stretch of its period
  const std::int64_t samples = map.circular ? map.output_length + map.lags.span() : map.input_length;
  Values ring(static_cast<std::size_t>(size));
  for (std::int64_t i = 0; i < samples; ++i) {
    for (std::int64_t d = map.lags.lo; d <= map.lags.hi; ++d) {
      const std::int64_t place = modulo(i + d, 2 * size);
      const double value = at(kappa, d - map.lags.lo) * at(x, map.circular ? modulo(i - shift, map.input_length) : i);
      ring[static_cast<std::size_t>(place % size)] += place < size ? value : -value;
    }
  }
  Values y;
  for (std::int64_t t = 0; t < map.output_length; ++t) y.push_back(at(ring, (t + shift) % size));
  return y;
}

double distance(const Values& a, const Values& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

TEST(MinimumCoefficients, AreEnoughAndOneLessAliases) {
  Random random(3);
  for (const ConvSpec& spec : small_specs()) {
    const LagMap forward = lag_map(spec);
    for (const LagMap& map : {forward, forward.adjoint()}) {
      const Values kappa = random.values<double>(map.lags.span() + 1), x = random.values<double>(map.input_length);
      const Values expected = direct_sums(map, kappa, x);
      const std::int64_t size = minimum_coefficients(map);
      EXPECT_LE(distance(ring_sums(map, kappa, x, size), expected), 1e-12) << name(spec);
      if (size > 1) {
        EXPECT_GT(distance(ring_sums(map, kappa, x, size - 1), expected), 1e-9) << name(spec);
      }
    }
  }
}

TEST(Adjoint, IsTheTransposedMap) {
  Random random(4);
  for (const ConvSpec& spec : small_specs()) {
    const LagMap map = lag_map(spec);
    const Values kappa = random.values<double>(map.lags.span() + 1), reversed(kappa.rbegin(), kappa.rend());
    const Values x = random.values<double>(map.input_length), dy = random.values<double>(map.output_length);
    const Values y = direct_sums(map, kappa, x), dx = direct_sums(map.adjoint(), reversed, dy);
    double there = 0, back = 0;
    for (std::size_t i = 0; i < y.size(); ++i) there += y[i] * dy[i];
    for (std::size_t i = 0; i < x.size(); ++i) back += x[i] * dx[i];
    EXPECT_NEAR(there, back, 1e-11) << name(spec);
  }
}

}  // namespace
}  // namespace longwing
