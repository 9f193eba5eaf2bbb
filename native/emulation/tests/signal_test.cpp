// The program's own handlers keep working beside the emulation's, as a JVM's have to: it takes what kernels do, and
// nothing else.
#include <csetjmp>
#include <csignal>

#include "harness.hpp"

using namespace test;

namespace {

sigjmp_buf back;
volatile sig_atomic_t handled = 0;
int* volatile nowhere = nullptr;

void on_signal(int, siginfo_t* info, void*) {
  ++handled;
  if (info->si_code > 0) siglongjmp(back, 1);
}

void install() {
  struct sigaction action;
  std::memset(&action, 0, sizeof action);
  action.sa_sigaction = &on_signal;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGSEGV, &action, nullptr);
}
// Before the emulation starts its threads, as in a JVM.
const bool installed = (install(), true);

__global__ void store(int* x) { *x = 1; }

TEST(a_fault_of_the_program_is_the_programs) {
  Array<int> x(1);
  EXPECT_OK(run(store, 1, 1, 0, x.get()));
  if (sigsetjmp(back, 1) == 0) *nowhere = 1;
  EXPECT(handled == 1);
  raise(SIGSEGV);  // sent, not caused
  EXPECT(handled == 2);
}

TEST(a_fault_of_a_kernel_is_the_emulations) {
  int before = handled;
  for (int i = 0; i < 10; ++i) {
    EXPECT_ERROR(run(store, 3, 3, 0, static_cast<int*>(nullptr)), cudaErrorIllegalAddress);
    EXPECT_FAULT_SAYS("store");
    EXPECT_FAULT_SAYS("signal_test+0x");
    azj_emulation_reset();
  }
  EXPECT(handled == before);
  Array<int> x(1);
  EXPECT_OK(run(store, 1, 1, 0, x.get()));
  EXPECT(x.read()[0] == 1);
}

TEST(both_in_turn) {
  if (sigsetjmp(back, 1) == 0) *nowhere = 1;
  EXPECT_ERROR(run(store, 1, 1, 0, static_cast<int*>(nullptr)), cudaErrorIllegalAddress);
  if (sigsetjmp(back, 1) == 0) *nowhere = 1;
  EXPECT(handled == 4 && installed);
}

}  // namespace
