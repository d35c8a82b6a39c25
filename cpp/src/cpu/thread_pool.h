// The threads of the CPU engine: one small pool for the process.
//
// Why not OpenMP: its regions cost a hundred microseconds under load and hang in a forked child. This pool is made anew after a fork,
// is never joined (the process may end at any point), and a second caller that finds it busy runs its work inline.
#pragma once

#include <cstdint>

#include "longwing/plan.h"

namespace longwing::cpu {

/// A borrowed callable body(index, worker).
class TaskRef {
 public:
  template <class Body>
  explicit TaskRef(const Body& body)
      : object_(&body),
        call_([](const void* object, std::int64_t index, int worker) { (*static_cast<const Body*>(object))(index, worker); }) {}
  void operator()(std::int64_t index, int worker) const { call_(object_, index, worker); }

 private:
  const void* object_;
  void (*call_)(const void*, std::int64_t, int);
};

/// Runs task(index, worker) for index in [0, count) on at most `workers` threads, the caller being worker 0, and waits.
/// The first exception of any task is thrown here; Cancelled where execution.should_stop says so.
void run_tasks(std::int64_t count, int workers, TaskRef task, const Execution& execution);

/// Throws Cancelled where the call that runs on this thread is to end. For tasks that take long: between their rows.
void stop_point();

/// How the work inside one row is spread: over the pool, or, by default, not at all.
class Team {
 public:
  Team() = default;
  Team(int workers, const Execution& execution) : workers_(workers), execution_(&execution) {}
  int workers() const { return workers_; }

  template <class Body>
  void for_each(std::int64_t count, const Body& body) const {
    if (workers_ == 1) {
      for (std::int64_t i = 0; i < count; ++i) body(i);
    } else {
      const auto task = [&body](std::int64_t index, int) { body(index); };
      run_tasks(count, workers_, TaskRef(task), *execution_);
    }
  }

 private:
  int workers_ = 1;
  const Execution* execution_ = nullptr;
};

}  // namespace longwing::cpu
