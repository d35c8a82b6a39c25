#include "fiber.h"

#include <cstdint>
#include <cstring>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif

// longwing_switch_stack(void** save, void* load): keeps what a function call must keep, changes stacks, returns on the other one.
#if defined(__x86_64__)
asm(R"(
.text
.globl longwing_switch_stack
longwing_switch_stack:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
)");
#elif defined(__aarch64__)
asm(R"(
.text
.globl longwing_switch_stack
longwing_switch_stack:
  sub sp, sp, #160
  stp x19, x20, [sp, #0]
  stp x21, x22, [sp, #16]
  stp x23, x24, [sp, #32]
  stp x25, x26, [sp, #48]
  stp x27, x28, [sp, #64]
  stp x29, x30, [sp, #80]
  stp d8, d9, [sp, #96]
  stp d10, d11, [sp, #112]
  stp d12, d13, [sp, #128]
  stp d14, d15, [sp, #144]
  mov x9, sp
  str x9, [x0]
  mov sp, x1
  ldp x19, x20, [sp, #0]
  ldp x21, x22, [sp, #16]
  ldp x23, x24, [sp, #32]
  ldp x25, x26, [sp, #48]
  ldp x27, x28, [sp, #64]
  ldp x29, x30, [sp, #80]
  ldp d8, d9, [sp, #96]
  ldp d10, d11, [sp, #112]
  ldp d12, d13, [sp, #128]
  ldp d14, d15, [sp, #144]
  add sp, sp, #160
  ret
)");
#else
#error "fibers are written for x86-64 and aarch64"
#endif
extern "C" void longwing_switch_stack(void** save, void* load);

namespace longwing::cuda::simulation {
namespace {

thread_local Fiber* starting = nullptr;

}  // namespace

Fiber::Fiber() : stack_(new char[kStackBytes]) {
#if defined(__SANITIZE_THREAD__)
  tsan_own_ = __tsan_create_fiber(0);
#endif
}

Fiber::~Fiber() {
#if defined(__SANITIZE_THREAD__)
  __tsan_destroy_fiber(tsan_own_);
#endif
}

void Fiber::prepare(void (*body)(void*), void* context) {
  body_ = body;
  context_ = context;
  finished_ = false;
  // The stacks of neighbours start at different cache sets. The entry needs a multiple of 16 less the return address.
  const auto stagger = reinterpret_cast<std::uintptr_t>(this) / 64 % 32 * 128;
  auto top = (reinterpret_cast<std::uintptr_t>(stack_.get()) + kStackBytes - stagger) & ~std::uintptr_t{15};
#if defined(__x86_64__)
  auto* frame = reinterpret_cast<void**>(top) - 8;  // six registers, the return address, and none above it
  std::memset(frame, 0, 8 * sizeof(void*));
  frame[6] = reinterpret_cast<void*>(&Fiber::begin);
#else
  auto* frame = reinterpret_cast<void**>(top) - 20;
  std::memset(frame, 0, 20 * sizeof(void*));
  frame[11] = reinterpret_cast<void*>(&Fiber::begin);
#endif
  own_ = frame;
}

void Fiber::begin() { enter(starting); }

void Fiber::enter(Fiber* fiber) {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(nullptr, &fiber->caller_bottom_, &fiber->caller_size_);
#endif
  fiber->body_(fiber->context_);
  fiber->finished_ = true;
  fiber->leave(true);
  __builtin_unreachable();
}

void Fiber::resume() {
  starting = this;
#if defined(__SANITIZE_THREAD__)
  tsan_caller_ = __tsan_get_current_fiber();
  __tsan_switch_to_fiber(tsan_own_, __tsan_switch_to_fiber_no_sync);
#endif
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(&asan_caller_, stack_.get(), kStackBytes);
#endif
  longwing_switch_stack(&caller_, own_);
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(asan_caller_, nullptr, nullptr);
#endif
}

void Fiber::yield() { leave(false); }

void Fiber::leave([[maybe_unused]] bool for_ever) {
#if defined(__SANITIZE_THREAD__)
  __tsan_switch_to_fiber(tsan_caller_, __tsan_switch_to_fiber_no_sync);
#endif
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(for_ever ? nullptr : &asan_own_, caller_bottom_, caller_size_);
#endif
  longwing_switch_stack(&own_, caller_);
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(asan_own_, &caller_bottom_, &caller_size_);
#endif
}

}  // namespace longwing::cuda::simulation
