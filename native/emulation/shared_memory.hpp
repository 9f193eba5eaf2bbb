// The shared memory of the block that an OS thread runs: the __shared__ variables, which are thread-local variables of
// the library the kernel is in, and the dynamic part.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernel.hpp"

namespace azj::emulation {

class SharedMemory {
 public:
  SharedMemory();
  ~SharedMemory();
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;

  // Dynamic memory of `bytes`; finds the variables of the kernel's library. Everything counts as uninitialised.
  void begin_grid(const Kernel& kernel, size_t bytes);
  // What the finished block initialised is uninitialised again.
  void begin_block();

  void* dynamic() const { return dynamic_; }
  bool contains(const void* address, size_t bytes) const;
  bool contains_dynamic(const void* address) const;
  size_t dynamic_bytes() const { return dynamic_bytes_; }

  // Called by the memory checks when a granule of this memory gets its first initialised byte.
  void touched(uintptr_t granule) { touched_.push_back(granule); }

 private:
  // The thread-local variables of one library, for the calling OS thread.
  struct Variables {
    void* (*storage)();
    uintptr_t begin, end;
  };
  const Variables& variables_of(const Kernel& kernel);

  void* dynamic_ = nullptr;
  size_t dynamic_bytes_ = 0;
  std::vector<Variables> libraries_;
  const Variables* variables_ = nullptr;
  std::vector<uintptr_t> touched_;
};

// The most dynamic shared memory any device gives a block.
constexpr size_t kMaxSharedBytes = 227 * 1024;

}  // namespace azj::emulation
