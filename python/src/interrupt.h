// Computing without the GIL, ended early by Ctrl-C.
#pragma once

#include <pybind11/pybind11.h>

#include <chrono>
#include <ctime>
#include <optional>

#include "longwing/plan.h"

namespace longwing::python {

/// A clock that is read between rows, so it must cost no more than a call: some milliseconds coarse where the system has such a one.
struct CoarseClock {
  static std::chrono::nanoseconds now() {
#if defined(CLOCK_MONOTONIC_COARSE)
    std::timespec time{};
    clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
#else
    return std::chrono::steady_clock::now().time_since_epoch();
#endif
  }
};

/// One call's watch for signals. Python runs signal handlers in its main thread only, so other threads stop asking after one look.
class Interrupt {
 public:
  Interrupt() : last_(CoarseClock::now()) {}
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  /// What the computation polls; it refers to this object.
  Execution execution() { return {.stream = nullptr, .should_stop = &Interrupt::poll, .context = this}; }
  /// Throws what the signal handler raised; returns where none did.
  void rethrow() const;

 private:
  static bool poll(void* context);
  bool check_signals();

  std::chrono::nanoseconds last_;
  bool silent_ = false;  // not the main thread
  std::optional<pybind11::error_already_set> raised_;
};

/// Runs compute(execution) without the GIL; where Ctrl-C or another signal's handler ended it, the handler's exception is thrown.
template <class Compute>
void run_without_gil(Compute&& compute) {
  Interrupt interrupt;
  try {
    const pybind11::gil_scoped_release released;
    compute(interrupt.execution());
  } catch (const Cancelled&) {
    interrupt.rethrow();
    throw;
  }
}

}  // namespace longwing::python
