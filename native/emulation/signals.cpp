#include "signals.hpp"

#include <csignal>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <new>
#include <ucontext.h>

#include "scheduler.hpp"

namespace azj::emulation {

namespace {

constexpr int kSignals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
struct sigaction previous[NSIG];

const void* instruction_of(const ucontext_t& context) {
#if defined(__x86_64__)
  return reinterpret_cast<const void*>(context.uc_mcontext.gregs[REG_RIP]);
#elif defined(__aarch64__)
  return reinterpret_cast<const void*>(context.uc_mcontext.pc);
#else
  (void)context;
  return nullptr;
#endif
}

// Makes the return from the signal handler go to the context that started the kernel.
void continue_at(ucontext_t& context, Context& target) {
#if AZJ_EMULATION_ASSEMBLY && defined(__x86_64__)
  context.uc_mcontext.gregs[REG_RSP] = reinterpret_cast<greg_t>(target.stack_pointer);
  context.uc_mcontext.gregs[REG_RIP] = reinterpret_cast<greg_t>(&azj_emulation_resume);
#elif AZJ_EMULATION_ASSEMBLY && defined(__aarch64__)
  context.uc_mcontext.sp = reinterpret_cast<uintptr_t>(target.stack_pointer);
  context.uc_mcontext.pc = reinterpret_cast<uintptr_t>(&azj_emulation_resume);
#else
  (void)context;
  setcontext(&target.registers);
#endif
}

void pass_on(int number, siginfo_t* info, void* context) {
  const struct sigaction& handler = previous[number];
  if ((handler.sa_flags & SA_SIGINFO) != 0) {
    handler.sa_sigaction(number, info, context);
  } else if (handler.sa_handler == SIG_DFL) {
    // The same thing happens again on return, and then does what it always did.
    sigaction(number, &handler, nullptr);
  } else if (handler.sa_handler != SIG_IGN) {
    handler.sa_handler(number);
  }
}

void on_signal(int number, siginfo_t* info, void* context) {
  Scheduler* scheduler = Scheduler::current();
  if (scheduler == nullptr || info->si_code <= 0) {  // not a kernel, or sent by kill()
    pass_on(number, info, context);
    return;
  }
  ucontext_t& interrupted = *static_cast<ucontext_t*>(context);
  cudaError_t error = cudaErrorIllegalAddress;
  const char* what = "access";
  if (number == SIGFPE) {
    error = cudaErrorLaunchFailure;
    what = "division by zero or overflow of an integer";
  } else if (number == SIGILL) {
    error = cudaErrorIllegalInstruction;
    what = "illegal instruction";
  } else if (number == SIGBUS || info->si_code == SI_KERNEL) {
    // x86 has no address for these: a vector access that is not aligned, or an address no pointer can have.
    error = cudaErrorMisalignedAddress;
    what = "misaligned or impossible address";
  } else if (scheduler->overflowed(info->si_addr)) {
    error = cudaErrorHardwareStackError;
    what = "stack overflow";
  }
  scheduler->fail_from_signal(error, what, info->si_addr, instruction_of(interrupted));
  continue_at(interrupted, scheduler->base());
}

}  // namespace

void install_signal_handlers() {
  static std::once_flag once;
  std::call_once(once, [] {
    for (int number : kSignals) {
      sigaction(number, nullptr, &previous[number]);
      struct sigaction action = previous[number];  // the mask that the handler before expects
      action.sa_sigaction = &on_signal;
      action.sa_flags = (action.sa_flags & SA_RESTART) | SA_SIGINFO | SA_ONSTACK;
      sigaction(number, &action, nullptr);
    }
  });
}

void give_signal_stack() {
  constexpr size_t kBytes = 64 * 1024;
  stack_t stack;
  std::memset(&stack, 0, sizeof stack);
  static thread_local void* const memory = ::operator new(kBytes);  // until the end of the process, like the thread
  stack.ss_sp = memory;
  stack.ss_size = kBytes;
  sigaltstack(&stack, nullptr);
}

}  // namespace azj::emulation
