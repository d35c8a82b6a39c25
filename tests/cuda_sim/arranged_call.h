// One call of the operation through the engine with arrays of mixed dtypes and layouts: every result, bit by bit.
#pragma once

#include <optional>

#include "device_array.h"
#include "dispatch/engine.h"
#include "engine_call.h"

namespace longwing::cuda {

/// How a call's arrays lie in memory.
struct Layout {
  DType dtype = DType::kFloat32, filter_dtype = DType::kFloat32;
  bool transposed = false;
};

/// What the engine takes a Spectrum for: spec and kind; the numbers go beside it.
struct NoSpectrum final : SpectrumStorage {
  std::size_t bytes() const override { return 0; }
};

/// The arguments of a call in a device's memory.
class ArrangedCall {
 public:
  ArrangedCall(reference::Call call, const Layout& layout) : call_(rounded(std::move(call), layout)), layout_(layout) {}

  const reference::Call& call() const { return call_; }
  ConvSpec spec() const { return spec_of(call_, layout_.dtype); }

  /// y by long_conv, and again by transform_filters and forward: `again`; the gradients by backward.
  struct Results {
    reference::Result values;
    std::vector<std::byte> y, again, k;
  };
  Results run(DeviceRuntime& runtime, void* stream = nullptr) const;

 private:
  static reference::Call rounded(reference::Call c, const Layout& layout) {
    for (reference::Values* values : {&c.u, &c.pre_gate, &c.post_gate, &c.dy}) round_values(*values, layout.dtype);
    for (reference::Values* values : {&c.k, &c.reverse_filter, &c.skip}) round_values(*values, layout.filter_dtype);
    return c;
  }
  bool bank() const { return call_.kind == FilterKind::kBank; }
  DeviceArray rows(const reference::Values& values, std::int64_t length, bool with_bank) const {
    std::vector<std::int64_t> shape = {call_.batch, call_.channels, length};
    if (with_bank) shape.insert(shape.begin() + 1, call_.filters);
    return {values, shape, layout_.dtype, layout_.transposed};
  }
  DeviceArray filter(const reference::Values& values, std::int64_t taps) const {
    std::vector<std::int64_t> shape = {call_.groups, taps};
    if (call_.kind != FilterKind::kShared) shape.insert(shape.begin(), call_.filters);
    return {values, shape, layout_.filter_dtype, layout_.transposed};
  }
  static reference::Values sevens(const reference::Values& like) { return reference::Values(like.size(), 7.0); }

  reference::Call call_;
  Layout layout_;
};

inline ArrangedCall::Results ArrangedCall::run(DeviceRuntime& runtime, void* stream) const {
  const reference::Call& c = call_;
  const Engine engine(spec(), runtime);
  DeviceArray u = rows(c.u, c.length, false), dy = rows(c.dy, c.output_length, bank()), k = filter(c.k, c.taps);
  DeviceArray pre = rows(c.pre_gate, c.length, false), post = rows(c.post_gate, c.output_length, c.gate_per_filter);
  DeviceArray reverse = filter(c.reverse_filter, c.reverse_taps), skip(c.skip, {c.channels}, layout_.filter_dtype);
  const auto given = [](DeviceArray& array) {
    return array.bytes().empty() ? std::optional<TensorView>() : std::optional<TensorView>(array.view());
  };
  DeviceArray y = rows(sevens(c.dy), c.output_length, bank()), again = y;
  const auto reverse_view = given(reverse), skip_view = given(skip), pre_view = given(pre), post_view = given(post);

  engine.long_conv({.u = u.view(),
                    .k = k.view(),
                    .mode = c.mode,
                    .reverse_filter = reverse_view,
                    .reverse_lag = c.reverse_lag,
                    .skip = skip_view,
                    .pre_gate = pre_view,
                    .post_gate = post_view,
                    .activation = c.activation,
                    .filter_bank = bank(),
                    .out = y.view(),
                    .execution = {.stream = stream}},
                   c.kind);

  const std::size_t bytes = static_cast<std::size_t>(c.filters * c.groups) * engine.spectrum_bytes();
  void* const spectrum = runtime.allocate(bytes, stream);
  engine.transform_filters(k.view(), reverse_view ? &*reverse_view : nullptr, c.kind, spectrum, stream);
  const Spectrum storage(std::make_shared<NoSpectrum>());
  engine.forward({.u = u.view(),
                  .spectrum = storage,
                  .skip = skip_view,
                  .pre_gate = pre_view,
                  .post_gate = post_view,
                  .activation = c.activation,
                  .out = again.view(),
                  .execution = {.stream = stream}},
                 c.kind, c.filters, spectrum);

  DeviceArray du = rows(sevens(c.u), c.length, false), dk = filter(sevens(c.k), c.taps);
  DeviceArray dreverse = filter(sevens(c.reverse_filter), c.reverse_taps), dskip(sevens(c.skip), {c.channels}, layout_.filter_dtype);
  DeviceArray dpre = rows(sevens(c.pre_gate), c.length, false);
  DeviceArray dpost = rows(sevens(c.post_gate), c.output_length, c.gate_per_filter);
  engine.backward({.dy = dy.view(),
                   .u = u.view(),
                   .spectrum = storage,
                   .skip = skip_view,
                   .pre_gate = pre_view,
                   .post_gate = post_view,
                   .activation = c.activation,
                   .du = du.view(),
                   .dk = dk.view(),
                   .dreverse_filter = given(dreverse),
                   .dskip = given(dskip),
                   .dpre_gate = given(dpre),
                   .dpost_gate = given(dpost),
                   .execution = {.stream = stream}},
                  c.kind, c.filters, spectrum);
  runtime.free(spectrum, stream);
  Results results{{y.values(), du.values(), dk.values(), dreverse.values(), dskip.values(), dpre.values(), dpost.values()},
                  y.bytes(),
                  again.bytes(),
                  dk.bytes()};
  return results;
}

}  // namespace longwing::cuda
