// Half precision on the tensor cores: errors at every row length, data of every size, and words and tables that fit one another.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>

#include "../cpp/random_call.h"
#include "engine_call.h"

namespace longwing::cuda {
namespace {

using reference::Call;
using reference::Values;

constexpr DeviceLimits kLarge = {.architecture = 90, .multiprocessors = 2, .shared_bytes = 227 * 1024, .memory_bytes = 0, .l2_bytes = 0};

struct Outcome {
  Values y, du, dk;
};

// y, du and dk of rows of `dtype` with filters of float32, or of everything in float64.
Outcome run(const Call& c, DType dtype) {
  const DType filter_dtype = dtype == DType::kFloat64 ? dtype : DType::kFloat32;
  const auto rows = [&](std::vector<std::byte>& bytes) {
    return TensorView(static_cast<void*>(bytes.data()), dtype, {c.batch, c.channels, c.length});
  };
  const auto taps = [&](std::vector<std::byte>& bytes) {
    return TensorView(static_cast<void*>(bytes.data()), filter_dtype, {c.groups, c.taps});
  };
  std::vector<std::byte> u = stored(c.u, dtype), dy = stored(c.dy, dtype), k = stored(c.k, filter_dtype);
  std::vector<std::byte> y(dy.size()), du(u.size()), dk(k.size());
  simulation::SimulatedRuntime runtime(kLarge);
  const Engine engine(spec_of(c, dtype), runtime);
  std::vector<std::byte> spectrum(static_cast<std::size_t>(c.groups) * engine.spectrum_bytes() + 16);
  const Spectrum none;
  engine.transform_filters(taps(k), nullptr, c.kind, spectrum.data(), nullptr);
  engine.forward({.u = rows(u), .spectrum = none, .out = rows(y)}, c.kind, c.filters, spectrum.data());
  engine.backward({.dy = rows(dy), .u = rows(u), .spectrum = none, .du = rows(du), .dk = taps(dk)}, c.kind, c.filters, spectrum.data());
  return {loaded(y, dtype), loaded(du, dtype), loaded(dk, filter_dtype)};
}

struct Row {
  int log2n;
  DType dtype;
};

class TensorRows : public ::testing::TestWithParam<Row> {};

TEST_P(TensorRows, AreAsAccurateAsTheirDType) {
  const auto [log2n, dtype] = GetParam();
  Random random(static_cast<unsigned>(log2n));
  const std::int64_t length = std::int64_t{1} << log2n;
  Call c = causal_call(random, 2, 2, length, length);
  for (Values* values : {&c.u, &c.dy}) *values = rounded(*values, dtype);
  c.k = rounded(c.k, DType::kFloat32);
  const Outcome half = run(c, dtype), exact = run(c, DType::kFloat64);
  const double errors[] = {relative_error(half.y, exact.y), relative_error(half.du, exact.du), relative_error(half.dk, exact.dk)};
  const double bar = dtype == DType::kFloat16 ? 6.5e-4 : 2.2e-3;
  EXPECT_LE(errors[0], bar);
  EXPECT_LE(errors[1], bar);
  EXPECT_LE(errors[2], 5e-7);  // float32
  EXPECT_GE(errors[0], 2e-4);  // float16 was computed in
  std::printf("n = 2^%d %s: y %.2e, du %.2e, dk %.2e\n", log2n, to_string(dtype), errors[0], errors[1], errors[2]);
}

std::vector<Row> all_rows() {
  std::vector<Row> rows;
  for (int log2n = kLeastTensorLog2n; log2n <= 14; ++log2n)
    rows.push_back({log2n, DType::kFloat16}), rows.push_back({log2n, DType::kBFloat16});
  return rows;
}
INSTANTIATE_TEST_SUITE_P(Lengths, TensorRows, ::testing::ValuesIn(all_rows()));

}  // namespace
}  // namespace longwing::cuda
