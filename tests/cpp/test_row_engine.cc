// Every form of a row's convolution on every instruction set, forced, against sums over lags.
#include <cstring>
#include <memory>
#include <utility>

#include "cpu/cost_model.h"
#include "cpu/direct_engine.h"
#include "cpu/transform_engine.h"
#include "isa_test.h"
#include "random_values.h"

namespace longwing::cpu {
namespace {

using Values = std::vector<double>;

template <class T>
std::unique_ptr<RowEngine<T>> make_engine(const KernelTable<T>& table, const ConvSpec& spec, Form form) {
  const LagMap map = lag_map(spec);
  const VectorUnit unit{table.lanes, table.registers};
  if (form == Form::kDirect) return std::make_unique<DirectEngine<T>>(table, spec);
  const std::int64_t whole = (minimum_coefficients(map) + 1) / 2;
  // The shortest window there is: one new sample or more in each.
  const std::int64_t n = form == Form::kOverlapSave ? map.lags.span() / 2 + 1 : whole;
  return std::make_unique<TransformEngine<T>>(table, spec, choose_length(n, unit));
}

// y[t] = sum over taps of tap·x[t - lag] + skip·x[t], and both gradients of sum(dy·y).
struct Sums {
  Values y, dx, dk, dr;
};

Sums direct_sums(const ConvSpec& spec, const Values& k, const Values& r, const Values& x, const Values& dy, double skip) {
  const LagMap map = lag_map(spec);
  Sums sums{Values(dy.size()), Values(x.size()), Values(k.size()), Values(r.size())};
  const auto add = [&](std::int64_t t, std::int64_t lag, double tap, double* dtap) {
    std::int64_t i = t - lag;
    if (map.circular) i = (i % spec.length + spec.length) % spec.length;
    if (i < 0 || i >= spec.length) return;
    sums.y[static_cast<std::size_t>(t)] += tap * x[static_cast<std::size_t>(i)];
    sums.dx[static_cast<std::size_t>(i)] += tap * dy[static_cast<std::size_t>(t)];
    if (dtap) *dtap += x[static_cast<std::size_t>(i)] * dy[static_cast<std::size_t>(t)];
  };
  for (std::int64_t t = 0; t < map.output_length; ++t) {
    for (std::size_t j = 0; j < k.size(); ++j) add(t, tap_origin(spec, false) + static_cast<std::int64_t>(j), k[j], &sums.dk[j]);
    for (std::size_t j = 0; j < r.size(); ++j) add(t, tap_origin(spec, true) - static_cast<std::int64_t>(j), r[j], &sums.dr[j]);
    if (skip != 0) add(t, 0, skip, nullptr);
  }
  return sums;
}

template <class T>
void expect_near(const char* name, const std::vector<T>& actual, const Values& expected) {
  // Elements that nearly cancel count as one unit sample each.
  double error = 0, size = static_cast<double>(expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    error += (actual[i] - expected[i]) * (actual[i] - expected[i]);
    size += expected[i] * expected[i];
  }
  EXPECT_LE(std::sqrt(error), 40 * std::numeric_limits<T>::epsilon() * std::sqrt(size)) << name;
}

template <class T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

template <class T>
void check(const KernelTable<T>& table, const ConvSpec& spec, Form form, Random& random) {
  SCOPED_TRACE(std::string(to_string(spec.mode)) + " L=" + std::to_string(spec.length) + " K=" + std::to_string(spec.filter_length) +
               " R=" + std::to_string(spec.reverse_length) + " " + to_string(spec.reverse_lag) + " form " +
               std::to_string(static_cast<int>(form)));
  const auto engine = make_engine(table, spec, form);
  const std::int64_t outputs = output_length(spec);
  const bool periodic = spec.mode == Mode::kCircular;
  const DType own = sizeof(T) == 4 ? DType::kFloat32 : DType::kFloat64;
  std::vector<T> k = random.values<T>(spec.filter_length), r = random.values<T>(spec.reverse_length), x = random.values<T>(spec.length),
                 dy = random.values<T>(outputs);
  std::vector<T> y(dy.size()), dx(x.size()), dk(k.size()), dr(r.size());
  const T skip = spec.mode == Mode::kFull || spec.mode == Mode::kValid ? T(0) : T(0.5);
  AlignedArray<T> spectrum(static_cast<std::size_t>(engine->spectrum_size())), scratch(static_cast<std::size_t>(engine->scratch_size()));
  AlignedArray<T> sum(spectrum.size());
  std::fill(sum.data(), sum.data() + sum.size(), T(0));

  const RowSource source{.data = x.data(), .dtype = own, .stride = 1, .length = spec.length, .periodic = periodic};
  const RowSource gradient{.data = dy.data(), .dtype = own, .stride = 1, .length = outputs, .periodic = periodic};
  const RowSink dx_sink{.data = dx.data(), .dtype = own, .stride = 1, .length = spec.length};
  const auto filter = [&](std::vector<T>& forward, std::vector<T>& reverse) {
    return FilterRow{{forward.data(), own, 1}, {reverse.empty() ? nullptr : reverse.data(), own, 1}};
  };
  engine->prepare(filter(k, r), spectrum.data(), scratch.data(), Team());
  engine->forward(source, spectrum.data(), skip, {.data = y.data(), .dtype = own, .stride = 1, .length = outputs}, scratch.data(), Team());
  engine->backward(source, gradient, spectrum.data(), skip, &dx_sink, sum.data(), scratch.data(), Team());
  engine->finish_gradient(sum.data(), filter(dk, dr), scratch.data(), Team());

  // One filter for one row takes a shorter way to the same numbers.
  const AlignedArray<T> prepared = std::exchange(spectrum, AlignedArray<T>(spectrum.size()));
  std::vector<T> y_at_once(y.size()), dx_at_once(dx.size()), dk_at_once(k.size()), dr_at_once(r.size());
  engine->convolve(filter(k, r), source, spectrum.data(), skip, {.data = y_at_once.data(), .dtype = own, .stride = 1, .length = outputs},
                   scratch.data(), Team());
  const RowSink sink_at_once{.data = dx_at_once.data(), .dtype = own, .stride = 1, .length = spec.length};
  engine->differentiate(source, gradient, prepared.data(), skip, &sink_at_once, filter(dk_at_once, dr_at_once), sum.data(), scratch.data(),
                        Team());
  EXPECT_TRUE(same_bits(y, y_at_once));
  EXPECT_TRUE(same_bits(dx, dx_at_once));
  EXPECT_TRUE(same_bits(dk, dk_at_once));
  EXPECT_TRUE(same_bits(dr, dr_at_once));

  // A bank of two takes each row down once.
  std::vector<T> y_first(y.size()), y_second(y.size());
  const auto to = [&](std::vector<T>& row) { return RowSink{.data = row.data(), .dtype = own, .stride = 1, .length = outputs}; };
  const T* const spectra[] = {prepared.data(), prepared.data()};
  const RowSink sinks[] = {to(y_first), to(y_second)};
  engine->forward_bank(source, spectra, skip, sinks, scratch.data(), Team());
  EXPECT_TRUE(same_bits(y, y_first));
  EXPECT_TRUE(same_bits(y, y_second));

  const auto wide = [](const std::vector<T>& values) { return Values(values.begin(), values.end()); };
  const Sums expected = direct_sums(spec, wide(k), wide(r), wide(x), wide(dy), skip);
  expect_near("y", y, expected.y);
  expect_near("dx", dx, expected.dx);
  expect_near("dk", dk, expected.dk);
  expect_near("dr", dr, expected.dr);
}

LONGWING_ISA_SUITE(RowEngines);

constexpr Form kForms[] = {Form::kDirect, Form::kOverlapSave, Form::kOneTransform};

TEST_P(RowEngines, EveryFormIsTheSumOverLags) {
  constexpr struct {
    std::int64_t length, taps;
  } kSizes[] = {{1, 1}, {2, 3}, {9, 4}, {31, 31}, {40, 90}, {300, 7}, {257, 64}, {700, 130}, {1000, 1}};
  for_each_table([&](const auto& table) {
    Random random(24);
    for (const Mode mode : {Mode::kCausal, Mode::kCircular, Mode::kSame, Mode::kFull, Mode::kValid}) {
      for (const auto& [length, taps] : kSizes) {
        for (const Form form : kForms) check(table, {.length = length, .filter_length = taps, .mode = mode}, form, random);
      }
    }
  });
}

// Among them reverse taps whose lags are zero or wrap to positive ones: the filter is then more than k itself.
TEST_P(RowEngines, EveryFormTakesAReverseFilter) {
  constexpr struct {
    std::int64_t length, taps, reverse;
  } kSizes[] = {{1, 1, 1}, {2, 3, 4}, {31, 31, 16}, {64, 64, 1}, {64, 1, 64}, {100, 30, 120}, {300, 7, 20}, {333, 333, 167}};
  for_each_table([&](const auto& table) {
    Random random(26);
    for (const Mode mode : {Mode::kCausal, Mode::kCircular}) {
      for (const ReverseLag lag : {ReverseLag::kShifted, ReverseLag::kOverlapped}) {
        for (const auto& [length, taps, reverse] : kSizes) {
          const ConvSpec spec{.length = length, .filter_length = taps, .reverse_length = reverse, .mode = mode, .reverse_lag = lag};
          for (const Form form : kForms) check(table, spec, form, random);
        }
      }
    }
  });
}

TEST_P(RowEngines, TheChosenFormIsTheCheapestAndFits) {
  for_each_table([]<class T>(const KernelTable<T>& table) {
    Random random(25);
    for (int i = 0; i < 300; ++i) {
      ConvSpec spec{.length = random.integer(1, std::int64_t{1} << random.integer(1, 20)), .filter_length = 1, .channels = 1, .groups = 1};
      spec.filter_length = random.integer(1, std::int64_t{1} << random.integer(1, 20));
      spec.mode = static_cast<Mode>(random.integer(0, 4));
      const LagMap map = lag_map(spec);
      const Choice choice = choose_form(map, {table.lanes, table.registers}, sizeof(T));
      EXPECT_EQ(choice.cost, std::min({choice.direct_cost, choice.overlap_save_cost, choice.one_transform_cost}));
      const std::int64_t coefficients = 2 * choice.factorization.n;
      if (choice.form == Form::kDirect) {
        EXPECT_EQ(coefficients, 0);
      }
      if (choice.form == Form::kOverlapSave) {
        EXPECT_TRUE(coefficients > map.lags.span() && coefficients < minimum_coefficients(map));
      }
      if (choice.form == Form::kOneTransform) {
        EXPECT_GE(coefficients, minimum_coefficients(map));
      }
    }
  });
}

}  // namespace
}  // namespace longwing::cpu
