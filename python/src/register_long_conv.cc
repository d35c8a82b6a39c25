#include <algorithm>
#include <optional>

#include "arguments.h"
#include "call_arrays.h"
#include "interrupt.h"
#include "module.h"

namespace py = pybind11;

namespace longwing::python {
namespace {

// Shape of the result; nothing where the arrays are so wrong that there is none, and the core will say what is wrong with them.
std::optional<OutputShape> result_shape(const LongConvArgs& args) {
  const TensorView &u = args.u, &k = args.k;
  if (u.rank < 2 || (k.rank != 3 && (k.rank != 2 || args.filter_bank))) return {};
  if (std::min({u.extent(-1), u.extent(-2), k.extent(-1), k.extent(-2)}) < 1) return {};
  u.size("u");
  k.size("k");
  const std::int64_t length = output_length({.length = u.extent(-1), .filter_length = k.extent(-1), .mode = args.mode});
  return output_shape(u, args.filter_bank ? FilterKind::kBank : FilterKind::kShared, k.extent(0), length);
}

py::object long_conv_of(py::handle u, py::handle k, py::handle mode, py::handle reverse_filter, py::handle reverse_lag, py::handle skip,
                        py::handle pre_gate, py::handle post_gate, py::handle activation, py::handle filter_bank, py::handle out) {
  CallArrays arrays(u, "u");
  LongConvArgs args{.u = arrays.input(u, "u"),
                    .k = arrays.input(k, "k"),
                    .mode = mode_of(mode),
                    .reverse_filter = arrays.optional_input(reverse_filter, "reverse_filter"),
                    .reverse_lag = reverse_lag_of(reverse_lag),
                    .skip = arrays.optional_input(skip, "skip"),
                    .pre_gate = arrays.optional_input(pre_gate, "pre_gate"),
                    .post_gate = arrays.optional_input(post_gate, "post_gate"),
                    .activation = activation_of(activation),
                    .filter_bank = flag_of(filter_bank, "filter_bank"),
                    .out = {},
                    .execution = {}};
  std::optional<Result> result;
  if (!out.is_none()) {
    args.out = arrays.output(out, "out");
  } else if (const auto shape = result_shape(args)) {
    result = arrays.allocate(*shape, args.u.dtype, "out");
    args.out = result->view;
  }
  run_without_gil([&](const Execution& execution) {
    args.execution = arrays.on_stream(execution);
    long_conv(args);
    arrays.wait();
  });
  return result ? arrays.finish(*result) : py::reinterpret_borrow<py::object>(out);
}

}  // namespace

void register_long_conv(py::module_& module) { module.def("long_conv", &long_conv_of, "The operation; longwing.long_conv documents it."); }

}  // namespace longwing::python
