// Faults of the processor inside a kernel - an access to a guard page or to memory freed, an overflow of a thread's
// stack, a division by zero - become faults of the kernel.
#pragma once

namespace azj::emulation {

// Once per process. Signals that do not come from a kernel go to the handler that was there before: a JVM's own use of
// SIGSEGV is not disturbed.
void install_signal_handlers();

// For the calling OS thread, for its whole life: a stack for the handler, because the kernel's may be the fault.
void give_signal_stack();

}  // namespace azj::emulation
