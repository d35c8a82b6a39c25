// One object for the process, made at first use, never destroyed, and replaced in a forked child.
//
// Never destroyed: threads may still be in a call while the process ends. Replaced: after a fork another thread's lock stays locked
// for ever and its writes stay half done, so the child leaves the old object as it is.
#pragma once

#include <pthread.h>

#include <atomic>
#include <mutex>

namespace longwing {

template <class T>
T& process_local() {
  static std::atomic<T*> object{nullptr};
  static std::once_flag once;
  std::call_once(once, [] {
    object.store(new T, std::memory_order_release);
    pthread_atfork(nullptr, nullptr, [] { object.store(new T, std::memory_order_release); });
  });
  return *object.load(std::memory_order_acquire);
}

}  // namespace longwing
