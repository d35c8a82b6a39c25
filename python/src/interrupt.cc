#include "interrupt.h"

namespace py = pybind11;

namespace longwing::python {
namespace {

// Short enough to feel immediate, long enough that taking the GIL from busy Python threads does not slow the call.
constexpr std::chrono::milliseconds kInterval{50};

}  // namespace

bool Interrupt::poll(void* context) {
  auto& self = *static_cast<Interrupt*>(context);
  if (self.silent_) return false;
  const std::chrono::nanoseconds now = CoarseClock::now();
  if (now - self.last_ < kInterval) return self.raised_.has_value();
  self.last_ = now;
  const py::gil_scoped_acquire acquired;
  return self.check_signals();
}

bool Interrupt::check_signals() {
  try {
    const py::object main_thread = py::module_::import("threading").attr("main_thread")();
    if (main_thread.attr("ident").cast<unsigned long>() != PyThread_get_thread_ident()) {
      silent_ = true;
      return false;
    }
    if (PyErr_CheckSignals() != 0) throw py::error_already_set();
  } catch (const py::error_already_set& error) {  // the lines above run Python code, so a handler may raise in any of them
    raised_.emplace(error);
  }
  return raised_.has_value();
}

void Interrupt::rethrow() const {
  if (raised_) throw py::error_already_set(*raised_);
}

}  // namespace longwing::python
