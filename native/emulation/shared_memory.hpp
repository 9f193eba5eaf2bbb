// The shared memory of the block that an OS thread runs: the __shared__ variables, which are thread-local variables of
// the library the kernel is in, and the dynamic part.
//
// Before every block all of it is filled with a signalling NaN and marked as uninitialised. The mark goes when the
// memory is written; and because the compiler does not instrument accesses to a thread-local variable at a constant
// index, memory that no longer holds the NaN counts as written, too. Such an access itself is not checked: it reads the
// NaN.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "kernel.hpp"

namespace azj::emulation {

// A float that is a signalling NaN, and an index out of every range.
constexpr uint32_t kSharedPattern = 0x7fa5a5a5;

// The most dynamic shared memory any device gives a block.
constexpr size_t kMaxSharedBytes = 227 * 1024;

// Where dynamic shared memory begins in the window of shared addresses: behind what the system has and, as far as a
// kernel can know, behind static variables. So on 128 bytes and no more: who needs 1024 rounds up.
constexpr uint32_t kDynamicAlignment = 128, kWindowBegin = 1024 + kDynamicAlignment;

class SharedMemory {
 public:
  SharedMemory();
  ~SharedMemory();
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;

  // Dynamic memory of `bytes`; finds the variables of the kernel's library.
  void begin_grid(const Kernel& kernel, size_t bytes);
  // What the last block wrote is uninitialised again.
  void begin_block();

  void* dynamic() const { return dynamic_; }
  bool contains(const void* address, size_t bytes) const;
  // Between pointers and addresses of the shared window, of dynamic memory; false for other pointers.
  bool window_address(const void* pointer, uint32_t& address) const;
  const void* at_window(uint32_t address) const { return static_cast<const char*>(dynamic_) + address - kWindowBegin; }
  // Where in the memory of another block of the same kernel the address is.
  void* at_peer(const void* address, const SharedMemory& peer) const;
  // "offset 12 of 256 bytes of dynamic shared memory", "offset 0 of shared variable tile"
  void describe(const void* address, char* text, size_t size) const;

  // Called by the memory checks when 8 bytes of this memory are written to for the first time.
  void touched(uintptr_t granule) { touched_.push_back(granule); }

 private:
  struct Variable {
    uintptr_t begin, end;
    std::string name;
  };
  // The thread-local variables of one library, for the calling OS thread.
  struct Library {
    void* (*storage)();
    uintptr_t begin, end;  // its thread-local segment
    std::vector<Variable> variables;
    std::vector<uint8_t> owned;  // for each 8 bytes of the segment, which of them belong to shared variables
  };
  Library& library_of(const Kernel& kernel);
  void restore(uintptr_t granule);

  void* mapped_ = nullptr;
  void* dynamic_ = nullptr;  // in its pages where in the window, in the pattern of the swizzles
  size_t dynamic_bytes_ = 0;
  std::vector<Library> libraries_;
  Library* library_ = nullptr;
  std::vector<uintptr_t> touched_;
};

}  // namespace azj::emulation
