#include "context.hpp"

#include <sys/mman.h>

#include <cstdint>
#include <cstring>
#include <new>

namespace azj::emulation {

namespace {

// Kernels have small frames (the limit on a GPU is 512 KB of local memory, the use a few hundred bytes); instrumented
// and unoptimised builds take several times more.
constexpr size_t kStackBytes = 128 * 1024;

}  // namespace

#if AZJ_EMULATION_ASSEMBLY && defined(__x86_64__)

// The System V ABI preserves rbx, rbp and r12..r15. It ends with a `ret`, not a jump: threads wait at the same place in
// the same functions, so the processor's stack of return addresses, filled by the thread that stops, is right for the
// one that goes on - as long as every call is answered by a return.
asm(R"(
  .text
  .p2align 4
  .globl azj_emulation_switch
  .hidden azj_emulation_switch
  .type azj_emulation_switch, @function
azj_emulation_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  .globl azj_emulation_resume
  .hidden azj_emulation_resume
azj_emulation_resume:
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
  .size azj_emulation_switch, .-azj_emulation_switch
)");

void prepare(Context& context, void* low, size_t bytes, void (*entry)()) {
  uintptr_t top = (reinterpret_cast<uintptr_t>(low) + bytes) & ~uintptr_t{15};
  void** stack = reinterpret_cast<void**>(top);
  *--stack = nullptr;  // where a caller's return address would be: unwinding ends here
  *--stack = reinterpret_cast<void*>(entry);
  for (int i = 0; i < 6; ++i) *--stack = nullptr;
  context.stack_pointer = stack;
  context.low = low;
  context.bytes = bytes;
}

#elif AZJ_EMULATION_ASSEMBLY && defined(__aarch64__)

// AAPCS64 preserves x19..x28, the frame pointer x29, the link register x30 and the lower halves of v8..v15.
asm(R"(
  .text
  .p2align 4
  .globl azj_emulation_switch
  .hidden azj_emulation_switch
  .type azj_emulation_switch, %function
azj_emulation_switch:
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
  .globl azj_emulation_resume
  .hidden azj_emulation_resume
azj_emulation_resume:
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
  .size azj_emulation_switch, .-azj_emulation_switch
)");

void prepare(Context& context, void* low, size_t bytes, void (*entry)()) {
  uintptr_t top = (reinterpret_cast<uintptr_t>(low) + bytes) & ~uintptr_t{15};
  void** stack = reinterpret_cast<void**>(top - 160);
  std::memset(stack, 0, 160);
  stack[11] = reinterpret_cast<void*>(entry);  // x30
  context.stack_pointer = stack;
  context.low = low;
  context.bytes = bytes;
}

#else

void prepare(Context& context, void* low, size_t bytes, void (*entry)()) {
  getcontext(&context.registers);
  context.registers.uc_stack.ss_sp = low;
  context.registers.uc_stack.ss_size = bytes;
  context.registers.uc_link = nullptr;
  makecontext(&context.registers, entry, 0);
  context.low = low;
  context.bytes = bytes;
}

#endif

Stack* allocate_stack(int colour) {
  void* memory = mmap(nullptr, kStackGuardBytes + kStackBytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  Stack* stack = mprotect(memory, kStackGuardBytes, PROT_NONE) == 0 ? new (std::nothrow) Stack : nullptr;
  if (stack == nullptr) {
    munmap(memory, kStackGuardBytes + kStackBytes);
    return nullptr;
  }
  stack->low = static_cast<char*>(memory) + kStackGuardBytes;
  // The hot ends of stacks that all end at a page boundary would compete for the same few cache lines; each starts at
  // another line of a page.
  stack->bytes = kStackBytes - static_cast<size_t>(colour * 5 % 60) * 64;
  return stack;
}

void free_stack(Stack* stack) {
  munmap(static_cast<char*>(stack->low) - kStackGuardBytes, kStackGuardBytes + kStackBytes);
  delete stack;
}

void reset(Stack& stack, void (*entry)()) {
#if AZJ_EMULATION_ASAN
  __asan_unpoison_memory_region(stack.low, stack.bytes);
#endif
  prepare(stack.context, stack.low, stack.bytes, entry);
}

}  // namespace azj::emulation
