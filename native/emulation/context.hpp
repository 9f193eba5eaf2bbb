// Switching between stacks: what lets the threads of a block wait for one another on one OS thread.
#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define AZJ_EMULATION_ASAN 1
#else
#define AZJ_EMULATION_ASAN 0
#endif

#if AZJ_EMULATION_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

#if (defined(__x86_64__) || defined(__aarch64__)) && !defined(AZJ_EMULATION_UCONTEXT)
#define AZJ_EMULATION_ASSEMBLY 1
#else
#define AZJ_EMULATION_ASSEMBLY 0
#include <ucontext.h>
#endif

namespace azj::emulation {

struct Context {
#if AZJ_EMULATION_ASSEMBLY
  void* stack_pointer = nullptr;  // the registers a function call preserves lie above it
#else
  ucontext_t registers;
#endif
  const void* low = nullptr;  // the stack, for AddressSanitizer
  size_t bytes = 0;
  void* fake_stack = nullptr;
};

#if AZJ_EMULATION_ASSEMBLY
extern "C" __attribute__((visibility("hidden"))) void azj_emulation_switch(void** save, void* load);
// Continues at the registers that `stack_pointer` points to. Not a function to call: where a signal handler can return
// to.
extern "C" __attribute__((visibility("hidden"))) void azj_emulation_resume();
#endif

// Makes `context` start `entry` on the stack [low, low + bytes) when it is switched to. The entry never returns, and
// calls entered() first.
void prepare(Context& context, void* low, size_t bytes, void (*entry)());

inline void entered() {
#if AZJ_EMULATION_ASAN
  __sanitizer_finish_switch_fiber(nullptr, nullptr, nullptr);
#endif
}

// The stacks of a block do not fit the first-level cache: fetches what the context needs first, while another still
// runs.
inline void prefetch(const Context& context) {
#if AZJ_EMULATION_ASSEMBLY
  const char* top = static_cast<const char*>(context.stack_pointer);
  for (int line = 0; line < 5; ++line) __builtin_prefetch(top + line * 64, 1);
#else
  (void)context;
#endif
}

// Saves the running context in `from` and continues `to`. Returns when somebody switches to `from`.
inline void switch_context(Context& from, Context& to) {
#if AZJ_EMULATION_ASAN
  __sanitizer_start_switch_fiber(&from.fake_stack, to.low, to.bytes);
#endif
#if AZJ_EMULATION_ASSEMBLY
  azj_emulation_switch(&from.stack_pointer, to.stack_pointer);
#else
  swapcontext(&from.registers, &to.registers);
#endif
#if AZJ_EMULATION_ASAN
  __sanitizer_finish_switch_fiber(from.fake_stack, nullptr, nullptr);
#endif
}

// Continues `to` and forgets the running context.
[[noreturn]] inline void abandon_for(Context& to) {
#if AZJ_EMULATION_ASAN
  __sanitizer_start_switch_fiber(nullptr, to.low, to.bytes);
#endif
#if AZJ_EMULATION_ASSEMBLY
  void* forgotten;
  azj_emulation_switch(&forgotten, to.stack_pointer);
#else
  setcontext(&to.registers);
#endif
  __builtin_unreachable();
}

constexpr size_t kStackGuardBytes = 64 * 1024;  // a multiple of every page size

// A stack with inaccessible pages below it, so that an overflow is a fault and not somebody else's data.
struct Stack {
  Context context;
  void* low = nullptr;
  size_t bytes = 0;
};

// nullptr when the system has no memory for it.
Stack* allocate_stack(int colour);
void free_stack(Stack* stack);
// After its contents were abandoned: nothing on it is live.
void reset(Stack& stack, void (*entry)());

}  // namespace azj::emulation
