// The operation in every mode and dtype, forward and backward, against the oracle: a program without a test framework, for machines
// that are emulated. Prints what it ran; exits with 1 on a miss.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "longwing/longwing.h"
#include "reference/convolution.h"

namespace longwing {
namespace {

using reference::Call;
using reference::Values;

// Unit roundoff of a dtype, and of the arithmetic on it.
double roundoff(DType dtype) {
  switch (dtype) {
    case DType::kFloat64: return std::ldexp(1, -53);
    case DType::kFloat32: return std::ldexp(1, -24);
    case DType::kFloat16: return std::ldexp(1, -11);
    default: return std::ldexp(1, -8);
  }
}

// Values that every dtype holds exactly: the oracle then sees what the library sees.
Values random_values(std::mt19937& engine, std::int64_t count) {
  std::uniform_int_distribution<int> distribution(-64, 64);
  Values values(static_cast<std::size_t>(count));
  for (double& value : values) value = distribution(engine) / 64.0;
  return values;
}

// A half number's bits, for values of the kind above; and the value of any bits that are finite.
std::uint16_t half_bits(double value, int fraction_bits, int bias) {
  if (value == 0) return 0;
  int exponent = 0;
  const double fraction = std::frexp(std::fabs(value), &exponent) * 2 - 1;
  const auto size =
      static_cast<std::uint16_t>(((exponent - 1 + bias) << fraction_bits) + static_cast<int>(std::ldexp(fraction, fraction_bits)));
  return static_cast<std::uint16_t>(size | (value < 0 ? 0x8000 : 0));
}

double half_value(std::uint16_t bits, int fraction_bits, int bias) {
  const int exponent = (bits & 0x7FFF) >> fraction_bits, fraction = bits & ((1 << fraction_bits) - 1);
  const double size = exponent == 0 ? std::ldexp(fraction, 1 - bias - fraction_bits)
                                    : std::ldexp(fraction + (1 << fraction_bits), exponent - bias - fraction_bits);
  return bits & 0x8000 ? -size : size;
}

// Values in memory as an array of some dtype.
class Array {
 public:
  Array(DType dtype, const Values& values) : dtype_(dtype), memory_(values.size() * size_of(dtype)) {
    for (std::size_t i = 0; i < values.size(); ++i) set(i, values[i]);
  }
  TensorView view(std::initializer_list<std::int64_t> shape) { return TensorView(static_cast<void*>(memory_.data()), dtype_, shape); }

  Values values() const {
    Values result(memory_.size() / size_of(dtype_));
    for (std::size_t i = 0; i < result.size(); ++i) {
      switch (dtype_) {
        case DType::kFloat64: result[i] = at<double>(i); break;
        case DType::kFloat32: result[i] = at<float>(i); break;
        case DType::kFloat16: result[i] = half_value(at<std::uint16_t>(i), 10, 15); break;
        case DType::kBFloat16: result[i] = half_value(at<std::uint16_t>(i), 7, 127); break;
      }
    }
    return result;
  }

 private:
  void set(std::size_t i, double value) {
    switch (dtype_) {
      case DType::kFloat64: at<double>(i) = value; break;
      case DType::kFloat32: at<float>(i) = static_cast<float>(value); break;
      case DType::kFloat16: at<std::uint16_t>(i) = half_bits(value, 10, 15); break;
      case DType::kBFloat16: at<std::uint16_t>(i) = half_bits(value, 7, 127); break;
    }
  }
  template <class T>
  T& at(std::size_t i) {
    return reinterpret_cast<T*>(memory_.data())[i];
  }
  template <class T>
  const T& at(std::size_t i) const {
    return reinterpret_cast<const T*>(memory_.data())[i];
  }

  DType dtype_;
  std::vector<unsigned char> memory_;
};

class Smoke {
 public:
  // Everything the mode allows at once: reverse filter, skip, gates, activation; two groups of two channels.
  void run(Mode mode, DType dtype, std::int64_t length, std::int64_t taps) {
    Call c;
    c.batch = 2, c.channels = 4, c.groups = 2, c.length = length, c.taps = taps, c.mode = mode;
    const bool two_sided = mode == Mode::kCausal || mode == Mode::kCircular;
    c.reverse_taps = two_sided ? (taps + 1) / 2 : 0;
    c.activation = mode == Mode::kSame ? Activation::kSilu : Activation::kGelu;
    const ConvSpec spec = validated({.length = length,
                                     .filter_length = taps,
                                     .channels = c.channels,
                                     .groups = c.groups,
                                     .reverse_length = c.reverse_taps,
                                     .mode = mode,
                                     .reverse_lag = c.reverse_lag,
                                     .dtype = dtype});
    c.output_length = output_length(spec);
    const std::int64_t rows = c.batch * c.channels;
    c.u = random_values(engine_, rows * length), c.k = random_values(engine_, c.groups * taps);
    c.reverse_filter = random_values(engine_, c.groups * c.reverse_taps);
    if (two_sided || mode == Mode::kSame) c.skip = random_values(engine_, c.channels);
    c.pre_gate = random_values(engine_, rows * length), c.post_gate = random_values(engine_, rows * c.output_length);
    c.dy = random_values(engine_, rows * c.output_length);
    compare(c, spec);
    ++calls_;
  }

  int calls() const { return calls_; }
  int misses() const { return misses_; }

 private:
  void compare(const Call& c, const ConvSpec& spec) {
    const reference::Result expected = evaluate(c);
    const auto zeros = [&](const Values& like) { return Array(spec.dtype, Values(like.size())); };
    const auto input = [&](const Values& values) { return Array(spec.dtype, values); };
    Array u = input(c.u), k = input(c.k), reverse = input(c.reverse_filter), skip = input(c.skip), pre = input(c.pre_gate);
    Array post = input(c.post_gate), dy = input(c.dy), y = zeros(expected.y), du = zeros(c.u), dk = zeros(c.k);
    Array dreverse = zeros(c.reverse_filter), dskip = zeros(c.skip), dpre = zeros(c.pre_gate), dpost = zeros(c.post_gate);
    const auto in = [&](Array& a) { return a.view({c.batch, c.channels, c.length}); };
    const auto out = [&](Array& a) { return a.view({c.batch, c.channels, c.output_length}); };
    const auto filter = [&](Array& a, std::int64_t taps) { return a.view({c.groups, taps}); };
    const auto reverse_view = [&](Array& a) { return c.reverse_taps ? std::optional(filter(a, c.reverse_taps)) : std::nullopt; };
    const auto skip_view = [&](Array& a) { return c.skip.empty() ? std::nullopt : std::optional(a.view({c.channels})); };

    const ConvPlan plan(spec);
    const Spectrum spectrum = plan.spectrum(filter(k, c.taps), reverse_view(reverse));
    plan.forward({.u = in(u),
                  .spectrum = spectrum,
                  .skip = skip_view(skip),
                  .pre_gate = in(pre),
                  .post_gate = out(post),
                  .activation = c.activation,
                  .out = out(y)});
    plan.backward({.dy = out(dy),
                   .u = in(u),
                   .spectrum = spectrum,
                   .skip = skip_view(skip),
                   .pre_gate = in(pre),
                   .post_gate = out(post),
                   .activation = c.activation,
                   .du = in(du),
                   .dk = filter(dk, c.taps),
                   .dreverse_filter = reverse_view(dreverse),
                   .dskip = skip_view(dskip),
                   .dpre_gate = in(dpre),
                   .dpost_gate = out(dpost)});
    const std::string call =
        std::string(to_string(spec.mode)) + " " + to_string(spec.dtype) + " L=" + std::to_string(c.length) + " K=" + std::to_string(c.taps);
    expect_near(call + " y", y.values(), expected.y, spec.dtype);
    expect_near(call + " du", du.values(), expected.u, spec.dtype);
    expect_near(call + " dk", dk.values(), expected.k, spec.dtype);
    expect_near(call + " dreverse_filter", dreverse.values(), expected.reverse_filter, spec.dtype);
    expect_near(call + " dskip", dskip.values(), expected.skip, spec.dtype);
    expect_near(call + " dpre_gate", dpre.values(), expected.pre_gate, spec.dtype);
    expect_near(call + " dpost_gate", dpost.values(), expected.post_gate, spec.dtype);
  }

  void expect_near(const std::string& name, const Values& actual, const Values& expected, DType dtype) {
    double error = 0, size = 1e-2;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      error += (actual[i] - expected[i]) * (actual[i] - expected[i]);
      size += expected[i] * expected[i];
    }
    const double arithmetic = 40 * roundoff(dtype == DType::kFloat64 ? DType::kFloat64 : DType::kFloat32);
    if (std::sqrt(error) <= (roundoff(dtype) + arithmetic) * std::sqrt(size)) return;
    ++misses_;
    std::printf("miss: %s, relative error %.3g\n", name.c_str(), std::sqrt(error / size));
  }

  std::mt19937 engine_{1};
  int calls_ = 0, misses_ = 0;
};

int run() {
  constexpr struct {
    std::int64_t length, taps;
  } kSizes[] = {{1, 1}, {5, 3}, {17, 40}, {64, 64}, {300, 5}, {333, 333}, {1200, 300}};
  Smoke smoke;
  for (const Mode mode : {Mode::kCausal, Mode::kCircular, Mode::kSame, Mode::kFull, Mode::kValid}) {
    for (const DType dtype : {DType::kFloat32, DType::kFloat64, DType::kFloat16, DType::kBFloat16}) {
      for (const auto& [length, taps] : kSizes) smoke.run(mode, dtype, length, taps);
    }
  }
  std::printf("%s kernels: %d calls, %d misses\n", isa().c_str(), smoke.calls(), smoke.misses());
  return smoke.misses() == 0 ? 0 : 1;
}

}  // namespace
}  // namespace longwing

int main() { return longwing::run(); }
