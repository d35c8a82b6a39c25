// Convolves through the public headers alone, compares with plain sums, and exits with 1 where anything is off.
#include <longwing/longwing.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

namespace {

constexpr std::int64_t kBatch = 2, kChannels = 3;

struct Case {
  std::int64_t length, taps;
};

std::vector<float> numbers(std::int64_t count, std::uint32_t state) {
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) {
    state = state * 1664525u + 1013904223u;
    value = static_cast<float>(state >> 8) / 16777216.0f - 0.5f;
  }
  return values;
}

// ‖actual - sums‖ / ‖sums‖ of the causal convolution, in double.
double relative_error(const Case& c, const std::vector<float>& u, const std::vector<float>& k, const std::vector<float>& actual) {
  double error = 0, size = 0;
  for (std::int64_t row = 0; row < kBatch * kChannels; ++row) {
    const float* const x = u.data() + row * c.length;
    const float* const taps = k.data() + row % kChannels * c.taps;
    for (std::int64_t t = 0; t < c.length; ++t) {
      double sum = 0;
      for (std::int64_t j = 0; j <= std::min(t, c.taps - 1); ++j) sum += static_cast<double>(taps[j]) * x[t - j];
      error += std::pow(actual[static_cast<std::size_t>(row * c.length + t)] - sum, 2);
      size += sum * sum;
    }
  }
  return std::sqrt(error / size);
}

bool convolves(const Case& c) {
  const std::vector<float> u = numbers(kBatch * kChannels * c.length, 1), k = numbers(kChannels * c.taps, 2);
  std::vector<float> y(u.size());
  const longwing::ConvPlan plan({.length = c.length, .filter_length = c.taps, .channels = kChannels});
  const longwing::Spectrum spectrum = plan.spectrum(longwing::TensorView(k.data(), {kChannels, c.taps}));
  plan.forward({.u = longwing::TensorView(u.data(), {kBatch, kChannels, c.length}),
                .spectrum = spectrum,
                .out = longwing::TensorView(y.data(), {kBatch, kChannels, c.length})});
  const double error = relative_error(c, u, k, y);
  std::printf("L = %5lld, K = %5lld: relative error %.1e\n", static_cast<long long>(c.length), static_cast<long long>(c.taps), error);
  return error < 1e-6;
}

// An exception has to be caught by its type on this side of a shared library too.
bool refuses_bad_input() {
  try {
    const longwing::ConvPlan plan({.length = 0, .filter_length = 1});
  } catch (const longwing::ValueError& error) {
    return std::string(error.what()).find("length") != std::string::npos;
  }
  return false;
}

bool versions_agree() {
  const std::string header =
      std::to_string(LONGWING_VERSION_MAJOR) + "." + std::to_string(LONGWING_VERSION_MINOR) + "." + std::to_string(LONGWING_VERSION_PATCH);
  std::printf("longwing %s, %s, %d threads\n", longwing::version(), longwing::isa().c_str(), longwing::num_threads());
  return header == longwing::version();
}

}  // namespace

int main() {
  bool right = versions_agree() && refuses_bad_input();
  for (const Case& c : {Case{7, 3}, Case{1000, 1000}, Case{6000, 100}, Case{5003, 5003}}) right = convolves(c) && right;
  std::puts(right ? "right" : "WRONG");
  return right ? 0 : 1;
}
