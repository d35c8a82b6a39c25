// Times every form that could carry out a row, the chosen one among them: what the cost model's choice is held against.
//
// Reads lines "MODE DTYPE L K" and prints for each a line of JSON: forms, window lengths, seconds of one row in interleaved rounds,
// and which of them the plan takes. The filter's spectrum is there, as the model leaves it out.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "cpu/aligned_array.h"
#include "cpu/cost_model.h"
#include "cpu/direct_engine.h"
#include "cpu/isa.h"
#include "cpu/transform_engine.h"
#include "longwing/error.h"
#include "random_values.h"

namespace longwing::cpu {
namespace {

constexpr int kRounds = 7;
constexpr double kSampleSeconds = 1e-3;
constexpr double kHopeless = 3;      // two times that many times the best: not timed again
constexpr double kDirectLimit = 16;  // a modelled cost of direct sums that many times the choice's: not timed at all

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

const char* name_of(Form form) {
  switch (form) {
    case Form::kDirect: return "direct";
    case Form::kOverlapSave: return "overlap-save";
    case Form::kOneTransform: return "one transform";
  }
  return "";
}

template <class T>
struct Row {
  explicit Row(const ConvSpec& spec) : random(7), u(random.values<T>(spec.length)), k(random.values<T>(spec.filter_length)) {
    y.resize(static_cast<std::size_t>(output_length(spec)));
  }
  Random random;
  std::vector<T> u, k, y;
};

template <class T>
class Candidate {
 public:
  Candidate(Form form, std::int64_t n, std::unique_ptr<const RowEngine<T>> engine, Row<T>& row)
      : form(form),
        n(n),
        engine_(std::move(engine)),
        row_(row),
        spectrum_(static_cast<std::size_t>(engine_->spectrum_size())),
        scratch_(static_cast<std::size_t>(engine_->scratch_size())) {
    engine_->prepare({{row.k.data(), kDTypeOf<T>, 1}, {nullptr, kDTypeOf<T>, 1}}, spectrum_.data(), scratch_.data(), Team());
    call();
    repeats_ = static_cast<int>(std::max(1.0, kSampleSeconds / sample(1)));
  }

  void measure() { seconds.push_back(sample(repeats_)); }
  double best() const { return *std::min_element(seconds.begin(), seconds.end()); }

  Form form;
  std::int64_t n;
  std::vector<double> seconds;

 private:
  void call() {
    const RowSource source{.data = row_.u.data(),
                           .dtype = kDTypeOf<T>,
                           .length = static_cast<std::int64_t>(row_.u.size()),
                           .periodic = engine_->map().circular};
    const RowSink sink{.data = row_.y.data(), .dtype = kDTypeOf<T>, .length = static_cast<std::int64_t>(row_.y.size())};
    engine_->forward(source, spectrum_.data(), T(0), sink, scratch_.data(), Team());
  }

  double sample(int repeats) {
    const double begin = now();
    for (int i = 0; i < repeats; ++i) call();
    return (now() - begin) / repeats;
  }

  std::unique_ptr<const RowEngine<T>> engine_;
  Row<T>& row_;
  AlignedArray<T> spectrum_, scratch_;
  int repeats_ = 1;
};

template <class T>
using Candidates = std::vector<std::unique_ptr<Candidate<T>>>;

// The chosen form first, then direct sums, one transform, and windows in finer steps than the model looks at.
template <class T>
Candidates<T> candidates(const ConvSpec& spec, Row<T>& row) {
  const KernelTable<T>& table = kernels().of<T>();
  const VectorUnit unit{table.lanes, table.registers};
  const LagMap map = lag_map(spec);
  const Choice choice = choose_form(map, unit, sizeof(T));
  const std::int64_t coefficients = minimum_coefficients(map), whole = choose_length((coefficients + 1) / 2, unit).n;
  Candidates<T> found;
  std::set<std::pair<Form, std::int64_t>> taken;
  const auto add = [&](Form form, std::int64_t minimum) {
    if (form == Form::kDirect) {
      if (!taken.insert({form, 0}).second) return;
      found.push_back(std::make_unique<Candidate<T>>(form, 0, std::make_unique<DirectEngine<T>>(table, spec), row));
      return;
    }
    const Factorization f = choose_length(minimum, unit);
    if (!taken.insert({form, f.n}).second) return;
    found.push_back(std::make_unique<Candidate<T>>(form, f.n, std::make_unique<TransformEngine<T>>(table, spec, f), row));
  };
  add(choice.form, choice.form == Form::kDirect ? 0 : choice.factorization.n);
  if (choice.direct_cost <= kDirectLimit * choice.cost) add(Form::kDirect, 0);
  add(Form::kOneTransform, whole);
  for (std::int64_t n = std::max<std::int64_t>(map.lags.span() / 2 + 16, 32); n < coefficients / 2; n += n / 4) {
    if (choose_length(n, unit).n < whole) add(Form::kOverlapSave, n);
  }
  return found;
}

template <class T>
void time_forms(const ConvSpec& spec) {
  Row<T> row(spec);
  Candidates<T> racing = candidates(spec, row);
  double best = 1e30;
  for (int round = 0; round < 2; ++round) {  // one may be disturbed
    for (const auto& candidate : racing) candidate->measure();
  }
  for (const auto& candidate : racing) best = std::min(best, candidate->best());
  const auto hopeless = [&](const auto& candidate) { return candidate->best() > kHopeless * best; };
  racing.erase(std::remove_if(racing.begin() + 1, racing.end(), hopeless), racing.end());
  for (int round = 2; round < kRounds; ++round) {
    for (const auto& candidate : racing) candidate->measure();
  }
  std::printf("{\"isa\": \"%s\", \"mode\": \"%s\", \"dtype\": \"%s\", \"length\": %lld, \"taps\": %lld, \"forms\": [", kernels().f32.isa,
              to_string(spec.mode), to_string(spec.dtype), static_cast<long long>(spec.length), static_cast<long long>(spec.filter_length));
  for (const auto& candidate : racing) {
    std::printf("%s{\"form\": \"%s\", \"n\": %lld, \"seconds\": [", candidate == racing.front() ? "" : ", ", name_of(candidate->form),
                static_cast<long long>(candidate->n));
    for (std::size_t i = 0; i < candidate->seconds.size(); ++i) std::printf("%s%.4g", i ? ", " : "", candidate->seconds[i]);
    std::printf("]}");
  }
  std::printf("]}\n");
  std::fflush(stdout);
}

Mode mode_of(const std::string& name) {
  for (const Mode mode : {Mode::kCausal, Mode::kCircular, Mode::kSame, Mode::kFull, Mode::kValid}) {
    if (name == to_string(mode)) return mode;
  }
  throw ValueError("MODE is unknown: " + name);
}

}  // namespace
}  // namespace longwing::cpu

int main() {
  using namespace longwing;
  std::string mode, dtype;
  std::int64_t length = 0, taps = 0;
  try {
    while (std::cin >> mode >> dtype >> length >> taps) {
      const bool wide = dtype == to_string(DType::kFloat64);
      const ConvSpec spec = validated(
          {.length = length, .filter_length = taps, .mode = cpu::mode_of(mode), .dtype = wide ? DType::kFloat64 : DType::kFloat32});
      if (wide) cpu::time_forms<double>(spec);
      else cpu::time_forms<float>(spec);
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
