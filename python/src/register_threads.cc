#include "longwing/threads.h"

#include <algorithm>
#include <limits>

#include "arguments.h"
#include "module.h"

namespace py = pybind11;

namespace longwing::python {

void register_threads(py::module_& module) {
  module.def("get_num_threads", &num_threads);
  module.def("limit_threads", &limit_threads);
  module.def("set_num_threads", [](py::handle count) {
    constexpr std::int64_t least = std::numeric_limits<int>::min(), most = std::numeric_limits<int>::max();
    const std::int64_t threads = integer_of(count, "count");
    set_num_threads(static_cast<int>(std::clamp(threads, least, most)));
  });
}

}  // namespace longwing::python
