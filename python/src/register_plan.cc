#include <array>
#include <optional>
#include <string>

#include "arguments.h"
#include "call_arrays.h"
#include "errors.h"
#include "interrupt.h"
#include "longwing/backend.h"
#include "module.h"

namespace py = pybind11;

namespace longwing::python {
namespace {

ConvPlan make_plan(py::handle length, py::handle filter_length, py::handle channels, py::handle groups, py::handle reverse_length,
                   py::handle mode, py::handle reverse_lag, py::handle dtype, py::handle device) {
  ConvSpec spec{.length = integer_of(length, "length"),
                .filter_length = integer_of(filter_length, "filter_length"),
                .channels = integer_of(channels, "channels"),
                .groups = groups.is_none() ? 0 : integer_of(groups, "groups"),
                .reverse_length = integer_of(reverse_length, "reverse_length"),
                .mode = mode_of(mode),
                .reverse_lag = reverse_lag_of(reverse_lag),
                .dtype = dtype_of(dtype),
                .device = device_of(device)};
  if (!groups.is_none() && spec.groups == 0) throw ValueError("groups must be at least 1, got 0");
  const py::gil_scoped_release released;
  return ConvPlan(spec);
}

const Spectrum& spectrum_of(py::handle value) {
  if (!py::isinstance<Spectrum>(value)) {
    throw TypeError("spectrum must be a longwing.Spectrum, from ConvPlan.spectrum, got " + type_name(value));
  }
  return value.cast<const Spectrum&>();
}

Spectrum make_spectrum(const ConvPlan& self, py::handle k, py::handle reverse_filter, py::handle filter_bank) {
  CallArrays arrays(k, "k");
  const TensorView filter = arrays.input(k, "k");
  const std::optional<TensorView> reverse = arrays.optional_input(reverse_filter, "reverse_filter");
  const bool bank = flag_of(filter_bank, "filter_bank");
  Spectrum spectrum;
  run_without_gil([&](const Execution& execution) {
    spectrum = self.spectrum(filter, reverse, bank, arrays.on_stream(execution));
    arrays.wait();
  });
  return spectrum;
}

py::object forward(const ConvPlan& self, py::handle u, py::handle spectrum, py::handle skip, py::handle pre_gate, py::handle post_gate,
                   py::handle activation, py::handle out) {
  CallArrays arrays(u, "u");
  ForwardArgs args{.u = arrays.input(u, "u"),
                   .spectrum = spectrum_of(spectrum),
                   .skip = arrays.optional_input(skip, "skip"),
                   .pre_gate = arrays.optional_input(pre_gate, "pre_gate"),
                   .post_gate = arrays.optional_input(post_gate, "post_gate"),
                   .activation = activation_of(activation),
                   .out = {},
                   .execution = {}};
  std::optional<Result> result;
  if (!out.is_none()) {
    args.out = arrays.output(out, "out");
  } else if (args.u.rank >= 2) {  // else the core refuses u
    args.u.size("u");
    result = arrays.allocate(output_shape(args.u, args.spectrum.kind(), args.spectrum.filters(), self.output_length()), self.spec().dtype,
                             "out");
    args.out = result->view;
  }
  run_without_gil([&](const Execution& execution) {
    args.execution = arrays.on_stream(execution);
    self.forward(args);
    arrays.wait();
  });
  return result ? arrays.finish(*result) : py::reinterpret_borrow<py::object>(out);
}

OutputShape shape_of(const TensorView& view) { return {.rank = view.rank, .extents = view.shape}; }

OutputShape filter_shape(const ConvSpec& spec, const Spectrum& spectrum, std::int64_t taps) {
  if (spectrum.kind() == FilterKind::kShared) return {.rank = 2, .extents = {spec.groups, taps}};
  return {.rank = 3, .extents = {spectrum.filters(), spec.groups, taps}};
}

/// The order of backward's arguments and results.
constexpr std::array<const char*, 6> kGradients = {"u", "k", "reverse_filter", "skip", "pre_gate", "post_gate"};

// One flag a gradient; None asks for all.
std::array<bool, kGradients.size()> wanted_of(py::handle wanted) {
  std::array<bool, kGradients.size()> flags;
  flags.fill(wanted.is_none());
  if (wanted.is_none()) return flags;
  if (!PyTuple_Check(wanted.ptr())) throw TypeError("wanted must be a tuple of names, got " + type_name(wanted));
  for (const py::handle name : py::reinterpret_borrow<py::tuple>(wanted)) {
    const auto it = std::find_if(kGradients.begin(), kGradients.end(),
                                 [&](const char* known) { return py::isinstance<py::str>(name) && name.cast<std::string>() == known; });
    if (it == kGradients.end()) {
      throw ValueError("wanted must name u, k, reverse_filter, skip, pre_gate or post_gate, got " + short_repr(name));
    }
    flags[static_cast<std::size_t>(it - kGradients.begin())] = true;
  }
  return flags;
}

py::tuple gradients_of(const ConvPlan& self, CallArrays& arrays, py::handle dy, py::handle u, const Spectrum& spectrum, py::handle skip,
                       py::handle pre_gate, py::handle post_gate, py::handle activation, py::handle wanted) {
  BackwardArgs args{.dy = arrays.input(dy, "dy"),
                    .u = arrays.input(u, "u"),
                    .spectrum = spectrum,
                    .skip = arrays.optional_input(skip, "skip"),
                    .pre_gate = arrays.optional_input(pre_gate, "pre_gate"),
                    .post_gate = arrays.optional_input(post_gate, "post_gate"),
                    .activation = activation_of(activation)};
  const auto flags = wanted_of(wanted);
  const SpectrumStorage* const storage = args.spectrum.storage();
  const ConvSpec& spec = self.spec();
  std::array<std::optional<Result>, kGradients.size()> results;
  std::size_t next = 0;
  const auto gradient = [&](bool present, const OutputShape& shape, DType dtype) -> std::optional<TensorView> {
    const std::size_t i = next++;
    if (!flags[i] || !present) return {};
    results[i] = arrays.allocate(shape, dtype, kGradients[i]);
    return results[i]->view;
  };
  if (args.spectrum.spec() == spec) {  // else the core refuses the spectrum
    args.du = gradient(true, shape_of(args.u), spec.dtype);
    args.dk = gradient(true, filter_shape(spec, args.spectrum, spec.filter_length), storage->filter_dtype);
    args.dreverse_filter =
        gradient(spec.reverse_length > 0, filter_shape(spec, args.spectrum, spec.reverse_length), storage->reverse_dtype);
    args.dskip =
        gradient(args.skip.has_value(), args.skip ? shape_of(*args.skip) : OutputShape{}, args.skip ? args.skip->dtype : spec.dtype);
    args.dpre_gate = gradient(args.pre_gate.has_value(), shape_of(args.u), spec.dtype);
    args.dpost_gate = gradient(args.post_gate.has_value(), args.post_gate ? shape_of(*args.post_gate) : OutputShape{}, spec.dtype);
  }
  run_without_gil([&](const Execution& execution) {
    args.execution = arrays.on_stream(execution);
    self.backward(args);
    arrays.wait();
  });
  py::tuple gradients(kGradients.size());
  for (std::size_t i = 0; i < results.size(); ++i) gradients[i] = results[i] ? arrays.finish(*results[i]) : py::none();
  return gradients;
}

py::tuple backward(const ConvPlan& self, py::handle dy, py::handle u, py::handle spectrum, py::handle skip, py::handle pre_gate,
                   py::handle post_gate, py::handle activation, py::handle wanted) {
  CallArrays arrays(u, "u");
  return gradients_of(self, arrays, dy, u, spectrum_of(spectrum), skip, pre_gate, post_gate, activation, wanted);
}

// backward with the filter transformed on the way.
py::tuple gradients(const ConvPlan& self, py::handle dy, py::handle u, py::handle k, py::handle reverse_filter, py::handle filter_bank,
                    py::handle skip, py::handle pre_gate, py::handle post_gate, py::handle activation, py::handle wanted) {
  CallArrays arrays(u, "u");
  const TensorView filter = arrays.input(k, "k");
  const std::optional<TensorView> reverse = arrays.optional_input(reverse_filter, "reverse_filter");
  const bool bank = flag_of(filter_bank, "filter_bank");
  Spectrum spectrum;
  run_without_gil([&](const Execution& execution) { spectrum = self.borrow(filter, reverse, bank, arrays.on_stream(execution)); });
  return gradients_of(self, arrays, dy, u, spectrum, skip, pre_gate, post_gate, activation, wanted);
}

py::str device_name(const ConvPlan& self) {
  const Device& device = self.spec().device;
  return device.type == DeviceType::kCpu ? std::string("cpu") : std::string("cuda:") + std::to_string(device.index);
}

}  // namespace

void register_plan(py::module_& module) {
  py::class_<ConvPlan> type(module, "Plan", "A recipe for one long convolution; longwing.ConvPlan documents it.");
  type.def(py::init(&make_plan));
  type.def("spectrum", &make_spectrum);
  type.def("forward", &forward);
  type.def("backward", &backward);
  type.def("gradients", &gradients);
  type.def("workspace_bytes", [](const ConvPlan& self, py::handle batch) { return self.workspace_bytes(integer_of(batch, "batch")); });
  type.def("explain", &ConvPlan::explain);
  type.def_property_readonly("length", [](const ConvPlan& self) { return self.spec().length; });
  type.def_property_readonly("filter_length", [](const ConvPlan& self) { return self.spec().filter_length; });
  type.def_property_readonly("channels", [](const ConvPlan& self) { return self.spec().channels; });
  type.def_property_readonly("groups", [](const ConvPlan& self) { return self.spec().groups; });
  type.def_property_readonly("reverse_length", [](const ConvPlan& self) { return self.spec().reverse_length; });
  type.def_property_readonly("mode", [](const ConvPlan& self) { return to_string(self.spec().mode); });
  type.def_property_readonly("reverse_lag", [](const ConvPlan& self) { return to_string(self.spec().reverse_lag); });
  type.def_property_readonly("dtype", [](const ConvPlan& self) { return to_string(self.spec().dtype); });
  type.def_property_readonly("device", &device_name);
  type.def_property_readonly("output_length", &ConvPlan::output_length);
}

}  // namespace longwing::python
