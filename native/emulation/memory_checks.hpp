// Which bytes a kernel may read and write.
//
// Sources compiled with the flags in CMakeLists.txt (AZJ_EMULATION_CHECK_FLAGS) look up a shadow byte before every
// access: the instrumentation that gcc has for the address checks of the Linux kernel, which leaves the run-time part
// to the program. The part here reports accesses outside device memory and to freed memory, and - a store being told
// from a load - reads of memory that nothing has been written to.
//
// Shadow byte of the 8 bytes at 8 i, at kShadow + i: 0 all may be used; 1..7 only that many of the first; a Reason not,
// or (kUninitialised...) those whose bit is set in the byte at kWritten + i.
#pragma once

#include <cstddef>
#include <cstdint>

namespace azj::emulation {

enum class Reason : uint8_t {
  kNone = 0,
  kUninitialisedShared = 0xf1,  // to be written before it is read
  kPendingCopy = 0xf2,          // the same, until its cp.async is waited for
  kUninitialisedDevice = 0xf3,  // the same, in device memory
  kOutside = 0xf8,              // beside an allocation
  kFreed = 0xf9,
  kBeyondShared = 0xfa,  // past the block's dynamic shared memory
};

// Whether kernels were compiled with the checks.
bool checks_compiled_in();

// nullptr when all is well. Otherwise a kernel would fault at its first access, and there must be no device to run it
// on.
const char* why_no_kernel_can_run();

// `bytes` from `begin`, both multiples of 8, except that kNone may end anywhere when what follows is kOutside. Under
// AddressSanitizer, reasons >= kOutside become its own poison.
void mark(const void* begin, size_t bytes, Reason reason);

// An access by code that is not instrumented on behalf of the running CUDA thread. Does not return when it is a fault.
void check_read(const void* address, size_t bytes, const void* instruction);
void check_write(const void* address, size_t bytes, const void* instruction);

// The bytes at `target`, in a block's shared memory, are going to be overwritten by an asynchronous copy.
class SharedMemory;
void mark_pending(SharedMemory& shared, const void* target, size_t bytes);
// The bytes have been written; no access is checked.
void mark_written(const void* target, size_t bytes);

}  // namespace azj::emulation
