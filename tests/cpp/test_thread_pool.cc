// The pool itself: every task once, errors carried, calls inside calls and beside each other, and life after a fork.
#include "cpu/thread_pool.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <numeric>
#include <stdexcept>
#include <thread>
#include <vector>

#include "longwing/longwing.h"

namespace longwing::cpu {
namespace {

template <class Body>
void run(std::int64_t count, int workers, const Body& body, const Execution& execution = {}) {
  run_tasks(count, workers, TaskRef(body), execution);
}

// Sum of [0, count), each index in its own task.
std::int64_t parallel_sum(std::int64_t count, int workers) {
  std::atomic<std::int64_t> sum{0};
  run(count, workers, [&](std::int64_t index, int) { sum += index; });
  return sum;
}

TEST(ThreadPool, RunsEveryIndexOnceOnAKnownWorker) {
  for (const int workers : {1, 2, 5}) {
    for (const std::int64_t count : {0, 1, 4, 1000}) {
      std::vector<std::atomic<int>> runs(static_cast<std::size_t>(count));
      std::atomic<int> strangers{0};
      run(count, workers, [&](std::int64_t index, int worker) {
        ++runs[static_cast<std::size_t>(index)];
        if (worker < 0 || worker >= workers) ++strangers;
      });
      for (const auto& once : runs) EXPECT_EQ(once, 1);
      EXPECT_EQ(strangers, 0);
    }
  }
}

TEST(ThreadPool, AWorkerRunsOneTaskAtATime) {
  constexpr int kWorkers = 4;
  std::atomic<int> inside[kWorkers] = {}, collisions{0};
  run(2000, kWorkers, [&](std::int64_t, int worker) {
    if (inside[worker].fetch_add(1) != 0) ++collisions;
    std::this_thread::yield();
    inside[worker].fetch_sub(1);
  });
  EXPECT_EQ(collisions, 0);
}

TEST(ThreadPool, CarriesTheErrorOfATaskToTheCaller) {
  for (const int workers : {1, 3}) {
    try {
      run(100, workers, [](std::int64_t index, int) {
        if (index == 40) throw std::out_of_range("task 40");
      });
      FAIL() << "no error";
    } catch (const std::out_of_range& error) {
      EXPECT_STREQ(error.what(), "task 40");
    }
    EXPECT_EQ(parallel_sum(100, workers), 4950);
  }
}

TEST(ThreadPool, StopsHandingOutTasksAfterAnError) {
  std::int64_t last = -1;
  EXPECT_THROW(run(1000, 1,
                   [&](std::int64_t index, int) {
                     last = index;
                     if (index == 3) throw 1;
                   }),
               int);
  EXPECT_EQ(last, 3);
}

TEST(ThreadPool, AsksTheCallersThreadWhetherToStop) {
  struct Asked {
    std::thread::id thread = std::this_thread::get_id();
    int times = 0;
    bool strangers = false;
  } asked;
  const Execution execution{.should_stop =
                                [](void* context) {
                                  auto& a = *static_cast<Asked*>(context);
                                  a.strangers = a.strangers || std::this_thread::get_id() != a.thread;
                                  return ++a.times == 3;
                                },
                            .context = &asked};
  const auto task = [](std::int64_t, int worker) {  // the caller's share must not be nothing
    if (worker != 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  };
  for (const int workers : {1, 3}) {
    asked.times = 0;
    EXPECT_THROW(run(1'000'000, workers, task, execution), Cancelled);
    EXPECT_EQ(asked.times, 3);
    EXPECT_FALSE(asked.strangers);
  }
}

TEST(ThreadPool, ACallInsideATaskRunsInline) {
  std::atomic<std::int64_t> sum{0};
  std::atomic<int> elsewhere{0};
  run(8, 3, [&](std::int64_t, int) {
    const auto thread = std::this_thread::get_id();
    run(50, 3, [&](std::int64_t index, int worker) {
      sum += index;
      if (std::this_thread::get_id() != thread || worker != 0) ++elsewhere;
    });
  });
  EXPECT_EQ(sum, 8 * 1225);
  EXPECT_EQ(elsewhere, 0);
}

TEST(ThreadPool, ServesManyCallersAtOnce) {
  std::vector<std::int64_t> sums(6);
  std::vector<std::thread> callers;
  for (std::int64_t& sum : sums) {
    callers.emplace_back([&sum] {
      for (int i = 0; i < 50; ++i) sum += parallel_sum(100, 3);
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(sums, std::vector<std::int64_t>(6, 50 * 4950));
}

TEST(ThreadPool, TheCountIsWhatWasSet) {
  const int before = num_threads();
  for (const int count : {1, 3, 1024}) {
    set_num_threads(count);
    EXPECT_EQ(num_threads(), count);
  }
  set_num_threads(before);
}

// Exit status of a child that runs body(); an alarm ends one that hangs.
template <class Body>
int status_of_child(const Body& body) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    _exit(body() ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  return status;
}

TEST(ThreadPool, AForkedChildHasAPoolOfItsOwn) {
  EXPECT_EQ(parallel_sum(100, 3), 4950);
  EXPECT_EQ(status_of_child([] { return parallel_sum(100, 3) == 4950; }), 0);
  EXPECT_EQ(parallel_sum(100, 3), 4950);
}

TEST(ThreadPool, AForkInsideATaskLeavesTheChildUsable) {
  std::atomic<int> status{-1};
  run(4, 3, [&](std::int64_t index, int) {
    if (index == 0) status = status_of_child([] { return parallel_sum(100, 3) == 4950; });
  });
  EXPECT_EQ(status, 0);
}

TEST(ThreadPool, AForkedChildConvolves) {
  set_num_threads(3);
  std::vector<float> u(5 * 3000, 1.0f), k(3000, 0.5f), expected(u.size()), y(u.size());
  const auto convolve = [&](std::vector<float>& out) {
    long_conv({.u = TensorView(u.data(), {5, 1, 3000}), .k = TensorView(k.data(), {1, 3000}), .out = TensorView(out.data(), {5, 1, 3000})});
  };
  convolve(expected);
  EXPECT_EQ(status_of_child([&] {
              convolve(y);
              clear_plan_cache();
              convolve(y);
              return y == expected;
            }),
            0);
}

}  // namespace
}  // namespace longwing::cpu
