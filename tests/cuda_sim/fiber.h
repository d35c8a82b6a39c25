// A stack of its own for a function that can be left in the middle and taken up again: one CUDA thread.
#pragma once

#include <cstddef>
#include <memory>

// The simulation's own bookkeeping is no access of a CUDA thread: TSan need not see it.
#if defined(__SANITIZE_THREAD__)
#define LONGWING_UNSEEN __attribute__((no_sanitize("thread")))
#else
#define LONGWING_UNSEEN
#endif

namespace longwing::cuda::simulation {

class Fiber {
 public:
  static constexpr std::size_t kStackBytes = std::size_t{192} << 10;

  Fiber();
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  /// The next resume() calls `body(context)` from its beginning; the fiber must be finished or new.
  LONGWING_UNSEEN void prepare(void (*body)(void*), void* context);
  /// Runs until the body yields or returns. Called from outside of any fiber.
  LONGWING_UNSEEN void resume();
  /// Back to resume(). Called from the body.
  LONGWING_UNSEEN void yield();
  LONGWING_UNSEEN bool finished() const { return finished_; }

 private:
  LONGWING_UNSEEN static void begin();
  LONGWING_UNSEEN static void enter(Fiber* fiber);
  LONGWING_UNSEEN void leave(bool for_ever);

  std::unique_ptr<char[]> stack_;
  void* own_ = nullptr;     // stack pointer while suspended
  void* caller_ = nullptr;  // of resume() while running
  void (*body_)(void*) = nullptr;
  void* context_ = nullptr;
  bool finished_ = true;
  // What the sanitizers need to know of a stack; unused without them.
  void *tsan_own_ = nullptr, *tsan_caller_ = nullptr, *asan_own_ = nullptr, *asan_caller_ = nullptr;
  const void* caller_bottom_ = nullptr;
  std::size_t caller_size_ = 0;
};

}  // namespace longwing::cuda::simulation
