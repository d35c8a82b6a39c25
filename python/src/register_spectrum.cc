#include "longwing/plan.h"
#include "module.h"

namespace py = pybind11;

namespace longwing::python {
namespace {

const char* kind_name(FilterKind kind) {
  switch (kind) {
    case FilterKind::kPerSample: return "per_sample";
    case FilterKind::kBank: return "bank";
    default: return "shared";
  }
}

}  // namespace

void register_spectrum(py::module_& module) {
  py::class_<Spectrum> type(module, "Spectrum",
                            "A transformed filter, in the order that only its plan knows. Made by ConvPlan.spectrum; immutable; belongs "
                            "to every plan of equal arguments, and may be used by many threads at once.");
  type.def_property_readonly(
      "kind", [](const Spectrum& self) { return kind_name(self.kind()); },
      "\"shared\" for a filter (G, K), \"per_sample\" for (B, G, K), \"bank\" for (C, G, K).");
  type.def_property_readonly("filters", &Spectrum::filters, "B of per-sample filters, C of a bank, else 1.");
  type.def_property_readonly(
      "dtype", [](const Spectrum& self) { return to_string(self.filter_dtype()); },
      "dtype of the filter it was made from, and of that filter's gradient.");
  type.def_property_readonly("nbytes", &Spectrum::bytes, "Bytes of memory it holds.");
  type.def("__repr__", [](const Spectrum& self) {
    return "<longwing.Spectrum kind=" + std::string(kind_name(self.kind())) + " filters=" + std::to_string(self.filters()) +
           " dtype=" + to_string(self.filter_dtype()) + " nbytes=" + std::to_string(self.bytes()) + ">";
  });
  type.attr("__module__") = "longwing";
}

}  // namespace longwing::python
