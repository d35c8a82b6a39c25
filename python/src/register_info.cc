#include "longwing/backend.h"
#include "longwing/threads.h"
#include "longwing/version.h"
#include "module.h"

namespace py = pybind11;
using namespace pybind11::literals;

namespace longwing::python {
namespace {

py::dict describe(const Backend& backend) {
  const std::string reason = backend.unusable_because();
  return py::dict("name"_a = backend.name(), "device"_a = to_string(backend.device_type()), "usable"_a = reason.empty(),
                  "reason"_a = reason, "description"_a = backend.describe());
}

py::dict info(const py::object& plan_cache_info) {
  py::list isas, all;
  for (const std::string& name : available_isas()) isas.append(name);
  for (const Backend* backend : backends()) all.append(describe(*backend));
  return py::dict("version"_a = version(), "isa"_a = isa(), "available_isas"_a = isas, "threads"_a = num_threads(), "backends"_a = all,
                  "plan_cache"_a = plan_cache_info());
}

}  // namespace

void register_info(py::module_& module) {
  const py::object plan_cache_info = module.attr("plan_cache_info");
  module.def("info", [plan_cache_info] { return info(plan_cache_info); });
}

}  // namespace longwing::python
