#include "engine_call.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "device/half.cuh"

namespace longwing::cuda {
namespace {

using reference::Call;
using reference::Result;
using reference::Values;

struct Array {
  std::vector<std::byte> bytes;
  TensorView view;
};

// Memory of its own for an array, so that the address sanitizer sees its ends.
Array array(const Values& values, DType dtype, std::initializer_list<std::int64_t> shape) {
  Array a{stored(values, dtype), {}};
  a.view = TensorView(static_cast<void*>(a.bytes.data()), dtype, shape);
  return a;
}

// The arrays of a call: inputs filled, outputs of their sizes filled with something that must not stay.
class Arrays {
 public:
  Arrays(const Call& c, DType dtype) : c_(c), dtype_(dtype), filter_dtype_(dtype == DType::kFloat64 ? dtype : DType::kFloat32) {}

  Array rows(const Values& v, std::int64_t length, bool bank) const {
    if (bank) return array(v, dtype_, {c_.batch, c_.filters, c_.channels, length});
    return array(v, dtype_, {c_.batch, c_.channels, length});
  }
  Array taps(const Values& v, std::int64_t count) const {
    if (c_.kind == FilterKind::kShared) return array(v, filter_dtype_, {c_.groups, count});
    return array(v, filter_dtype_, {c_.filters, c_.groups, count});
  }
  Array skip(const Values& v) const { return array(v, filter_dtype_, {c_.channels}); }

 private:
  const Call& c_;
  DType dtype_, filter_dtype_;
};

std::optional<TensorView> given(const Array& a) { return a.bytes.empty() ? std::optional<TensorView>() : a.view; }

void keep_larger(double& worst, std::string& where, const char* name, double error) {
  if (std::isnan(worst) || (error <= worst && !std::isnan(error))) return;
  worst = error;
  where = name;
}

}  // namespace

std::vector<std::byte> stored(const Values& values, DType dtype) {
  std::vector<std::byte> bytes(values.size() * size_of(dtype));
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::byte* const at = bytes.data() + i * size_of(dtype);
    const auto single = static_cast<float>(values[i]);
    switch (dtype) {
      case DType::kFloat64: std::memcpy(at, &values[i], 8); break;
      case DType::kFloat32: std::memcpy(at, &single, 4); break;
      case DType::kFloat16: {
        const Float16 half = to_float16(single);
        std::memcpy(at, &half, 2);
        break;
      }
      case DType::kBFloat16: {
        const BFloat16 brain = to_bfloat16(single);
        std::memcpy(at, &brain, 2);
        break;
      }
    }
  }
  return bytes;
}

Values loaded(const std::vector<std::byte>& bytes, DType dtype) {
  Values values(bytes.size() / size_of(dtype));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::byte* const at = bytes.data() + i * size_of(dtype);
    const auto read = [at](auto zero) {
      std::memcpy(&zero, at, sizeof zero);
      return zero;
    };
    switch (dtype) {
      case DType::kFloat64: values[i] = read(0.0); break;
      case DType::kFloat32: values[i] = static_cast<double>(read(0.0f)); break;
      case DType::kFloat16: values[i] = static_cast<double>(to_float(read(Float16{}))); break;
      case DType::kBFloat16: values[i] = static_cast<double>(to_float(read(BFloat16{}))); break;
    }
  }
  return values;
}

Values rounded(const Values& values, DType dtype) { return loaded(stored(values, dtype), dtype); }

ConvSpec spec_of(const Call& c, DType dtype) {
  return validated({.length = c.length,
                    .filter_length = c.taps,
                    .channels = c.channels,
                    .groups = c.groups,
                    .reverse_length = c.reverse_taps,
                    .mode = c.mode,
                    .reverse_lag = c.reverse_lag,
                    .dtype = dtype,
                    .device = {DeviceType::kCuda, 0}});
}

double relative_error(const Values& actual, const Values& expected) {
  double error = 0, size = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    error += (actual[i] - expected[i]) * (actual[i] - expected[i]);
    size += expected[i] * expected[i];
  }
  return std::sqrt(error) / (std::sqrt(size) + 1e-2 * std::sqrt(static_cast<double>(expected.size())) + 1e-300);
}

double engine_error(Call c, const Setting& setting, std::string& where) {
  const DType dtype = setting.dtype, filter_dtype = dtype == DType::kFloat64 ? dtype : DType::kFloat32;
  for (Values* values : {&c.u, &c.pre_gate, &c.post_gate, &c.dy}) *values = rounded(*values, dtype);
  for (Values* values : {&c.k, &c.reverse_filter, &c.skip}) *values = rounded(*values, filter_dtype);
  const Result expected = evaluate(c);
  const auto unset = [](const Values& like) { return Values(like.size(), 7.0); };

  const bool bank = c.kind == FilterKind::kBank;
  const Arrays make(c, dtype);
  const Array u = make.rows(c.u, c.length, false), dy = make.rows(c.dy, c.output_length, bank);
  const Array k = make.taps(c.k, c.taps), reverse = make.taps(c.reverse_filter, c.reverse_taps), skip = make.skip(c.skip);
  const Array pre = make.rows(c.pre_gate, c.length, false), post = make.rows(c.post_gate, c.output_length, c.gate_per_filter);
  const Array y = make.rows(unset(expected.y), c.output_length, bank), again = y;
  simulation::SimulatedRuntime runtime(setting.limits);
  const Engine engine(spec_of(c, dtype), runtime);
  Values spectrum(static_cast<std::size_t>(c.filters * c.groups) * engine.spectrum_bytes() / sizeof(double));
  engine.transform_filters(k.view, reverse.bytes.empty() ? nullptr : &reverse.view, c.kind, spectrum.data(), nullptr);
  const Spectrum none;
  engine.forward({.u = u.view,
                  .spectrum = none,
                  .skip = given(skip),
                  .pre_gate = given(pre),
                  .post_gate = given(post),
                  .activation = c.activation,
                  .out = y.view},
                 c.kind, c.filters, spectrum.data());
  double worst = 0;
  keep_larger(worst, where, "y", relative_error(loaded(y.bytes, dtype), expected.y));
  if (!setting.gradients) return worst;

  const Array du = make.rows(unset(c.u), c.length, false), dpre = make.rows(unset(c.pre_gate), c.length, false);
  const Array dpost = make.rows(unset(c.post_gate), c.output_length, c.gate_per_filter), dskip = make.skip(unset(c.skip));
  const Array dk = make.taps(unset(c.k), c.taps), dreverse = make.taps(unset(c.reverse_filter), c.reverse_taps);
  engine.backward({.dy = dy.view,
                   .u = u.view,
                   .spectrum = none,
                   .skip = given(skip),
                   .pre_gate = given(pre),
                   .post_gate = given(post),
                   .activation = c.activation,
                   .du = du.view,
                   .dk = setting.gradient_of_filter ? given(dk) : std::nullopt,
                   .dreverse_filter = setting.gradient_of_filter ? given(dreverse) : std::nullopt,
                   .dskip = given(dskip),
                   .dpre_gate = given(dpre),
                   .dpost_gate = given(dpost)},
                  c.kind, c.filters, spectrum.data());
  keep_larger(worst, where, "du", relative_error(loaded(du.bytes, dtype), expected.u));
  keep_larger(worst, where, "dpre_gate", relative_error(loaded(dpre.bytes, dtype), expected.pre_gate));
  keep_larger(worst, where, "dpost_gate", relative_error(loaded(dpost.bytes, dtype), expected.post_gate));
  keep_larger(worst, where, "dskip", relative_error(loaded(dskip.bytes, filter_dtype), expected.skip));
  if (!setting.gradient_of_filter) return worst;
  keep_larger(worst, where, "dk", relative_error(loaded(dk.bytes, filter_dtype), expected.k));
  keep_larger(worst, where, "dreverse_filter", relative_error(loaded(dreverse.bytes, filter_dtype), expected.reverse_filter));
  return worst;
}

Outcome plain_outcome(const Call& c, DType dtype) {
  const Arrays make(c, dtype);
  const Array u = make.rows(c.u, c.length, false), dy = make.rows(c.dy, c.length, false), k = make.taps(c.k, c.taps);
  const Array y = make.rows(c.dy, c.length, false), du = make.rows(c.u, c.length, false), dk = make.taps(c.k, c.taps);
  simulation::SimulatedRuntime runtime(kLargeDevice);
  const Engine engine(spec_of(c, dtype), runtime);
  Values spectrum(static_cast<std::size_t>(c.groups) * engine.spectrum_bytes() / sizeof(double));
  const Spectrum none;
  engine.transform_filters(k.view, nullptr, c.kind, spectrum.data(), nullptr);
  engine.forward({.u = u.view, .spectrum = none, .out = y.view}, c.kind, c.filters, spectrum.data());
  engine.backward({.dy = dy.view, .u = u.view, .spectrum = none, .du = du.view, .dk = dk.view}, c.kind, c.filters, spectrum.data());
  const DType filter_dtype = dtype == DType::kFloat64 ? dtype : DType::kFloat32;
  return {loaded(y.bytes, dtype), loaded(du.bytes, dtype), loaded(dk.bytes, filter_dtype)};
}

}  // namespace longwing::cuda
