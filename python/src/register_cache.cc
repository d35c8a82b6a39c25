#include <string>

#include "arguments.h"
#include "longwing/plan.h"
#include "module.h"

namespace py = pybind11;

namespace longwing::python {

void register_cache(py::module_& module) {
  module.def("clear_plan_cache", [] {
    const py::gil_scoped_release released;
    clear_plan_cache();
  });
  module.def("set_plan_cache_limit", [](py::handle bytes) {
    const std::int64_t limit = integer_of(bytes, "bytes");
    if (limit < 0) throw ValueError("bytes must be >= 0, got " + std::to_string(limit));
    const py::gil_scoped_release released;
    return set_plan_cache_limit(static_cast<std::size_t>(limit));
  });
  module.def("plan_cache_info", [] {
    using namespace pybind11::literals;
    const PlanCacheInfo info = plan_cache_info();
    return py::dict("plans"_a = info.plans, "bytes"_a = info.bytes, "limit"_a = info.limit, "hits"_a = info.hits, "misses"_a = info.misses);
  });
}

}  // namespace longwing::python
