#include "cpu/thread_pool.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#if defined(__linux__)
#include <sched.h>
#endif

#include "core/process_local.h"
#include "longwing/error.h"
#include "longwing/threads.h"

namespace longwing::cpu {
namespace {

constexpr int kMaxThreads = 1024;

class Region;

// What this thread is working on: only the caller's thread may ask its should_stop.
struct Current {
  const Region* region = nullptr;
  const Execution* execution = nullptr;
};
thread_local Current current;

// One call's work, shared by its workers.
class Region {
 public:
  Region(std::int64_t count, TaskRef task) : count_(count), task_(task) {}

  /// Takes indices until none is left; `execution` is the caller's, null for the pool's threads.
  void work(int worker, const Execution* execution) {
    const Current outer = std::exchange(current, Current{this, execution});
    try {
      while (!stopped_.load(std::memory_order_relaxed)) {
        const std::int64_t index = next_.fetch_add(1, std::memory_order_relaxed);
        if (index >= count_) break;
        task_(index, worker);
        stop_point();
      }
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!error_) error_ = std::current_exception();
      stopped_.store(true, std::memory_order_relaxed);
    }
    current = outer;
  }

  bool stopped() const { return stopped_.load(std::memory_order_relaxed); }

  void rethrow() {
    const std::lock_guard lock(mutex_);
    if (error_) std::rethrow_exception(error_);
  }

 private:
  const std::int64_t count_;
  const TaskRef task_;
  std::atomic<std::int64_t> next_{0};
  std::atomic<bool> stopped_{false};
  std::mutex mutex_;
  std::exception_ptr error_;
};

// To wake a sleeping thread takes tens of microseconds, as long as a small call does: one that will be needed soon looks on for so long.
template <class Condition>
void spin_while(const Condition& condition) {
  constexpr std::chrono::microseconds kAwake(50);
  const auto end = std::chrono::steady_clock::now() + kAwake;
  while (condition() && std::chrono::steady_clock::now() < end) {
  }
}

class ThreadPool {
 public:
  /// False where another caller holds the pool: run inline then.
  bool try_acquire() { return !busy_.exchange(true, std::memory_order_acquire); }
  void release() { busy_.store(false, std::memory_order_release); }

  /// The region's work on workers-1 pool threads and the caller. The pool is acquired.
  void run(Region& region, int workers, const Execution& execution) {
    grow(workers - 1);
    {
      const std::lock_guard lock(mutex_);
      region_ = &region;
      wanted_ = std::min(workers - 1, threads_);
    }
    wake_.notify_all();
    region.work(0, &execution);
    {
      const std::lock_guard lock(mutex_);
      wanted_ = 0;  // workers that have not woken up yet are not needed any more
    }
    spin_while([this] { return active_ > 0; });
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return active_ == 0; });
    region_ = nullptr;
  }

 private:
  void grow(int count) {
    while (threads_ < count) {
      try {
        std::thread(&ThreadPool::serve, this).detach();
      } catch (const std::system_error&) {
        return;  // the system gives no more threads: those that are there do the work
      }
      ++threads_;
    }
  }

  void serve() {
    for (;;) {
      spin_while([this] { return wanted_ == 0; });
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return wanted_ > 0; });
      const int worker = wanted_--;
      ++active_;
      Region* const region = region_;
      lock.unlock();
      region->work(worker, nullptr);
      lock.lock();
      if (--active_ == 0) done_.notify_one();
    }
  }

  std::atomic<bool> busy_{false};
  std::mutex mutex_;
  std::condition_variable wake_, done_;
  Region* region_ = nullptr;
  // Written under the mutex, read without it by those who look on.
  std::atomic<int> wanted_{0};  // workers the region still has a place for
  std::atomic<int> active_{0};  // workers inside the region
  int threads_ = 0;             // only its caller grows the pool, and one caller holds it at a time
};

// A forked child has none of its parent's threads: process_local gives it a new pool.
ThreadPool& pool() { return process_local<ThreadPool>(); }

int available_cores() {
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
#endif
  return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

int initial_threads() {
  const char* text = std::getenv("LONGWING_NUM_THREADS");
  if (!text || !*text) return std::min(available_cores(), kMaxThreads);
  char* end = nullptr;
  const long value = std::strtol(text, &end, 10);
  if (*end != '\0' || value < 1 || value > kMaxThreads) {
    throw ValueError("LONGWING_NUM_THREADS must be a whole number from 1 to " + std::to_string(kMaxThreads) + ", got " + text);
  }
  return static_cast<int>(value);
}

std::atomic<int>& thread_count() {
  static std::atomic<int> count{initial_threads()};
  return count;
}

// Of each thread's own: a limit set around one call must not reach the calls of other threads.
thread_local int thread_limit = 0;

}  // namespace

void stop_point() {
  if (!current.region) return;
  const Execution* const execution = current.execution;
  const bool asked = execution && execution->should_stop && execution->should_stop(execution->context);
  if (asked || current.region->stopped()) throw Cancelled("the call was cancelled by its caller");
}

void run_tasks(std::int64_t count, int workers, TaskRef task, const Execution& execution) {
  workers = static_cast<int>(std::min<std::int64_t>(workers, count));
  Region region(count, task);
  ThreadPool* const shared = workers > 1 ? &pool() : nullptr;
  if (shared && shared->try_acquire()) {
    shared->run(region, workers, execution);
    shared->release();
  } else {
    region.work(0, &execution);
  }
  region.rethrow();
}

}  // namespace longwing::cpu

namespace longwing {

int num_threads() {
  const int count = cpu::thread_count().load(std::memory_order_relaxed);
  return cpu::thread_limit > 0 ? std::min(count, cpu::thread_limit) : count;
}

int limit_threads(int count) { return std::exchange(cpu::thread_limit, std::max(count, 0)); }

void set_num_threads(int count) {
  if (count < 1 || count > cpu::kMaxThreads) {
    throw ValueError("count must be in [1, " + std::to_string(cpu::kMaxThreads) + "], got " + std::to_string(count));
  }
  cpu::thread_count().store(count, std::memory_order_relaxed);
}

}  // namespace longwing
