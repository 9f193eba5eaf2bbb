// The live allocations of a device: which there are, how many bytes, and which one an address lies in.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>

namespace azj {

class Allocations {
 public:
  // allocator: the function of azulejo.h that fills it, for error texts ("azj_alloc").
  explicit Allocations(const char* allocator) : allocator_(allocator) {}

  void add(void* memory, uint64_t bytes);

  // Throws AZJ_INVALID_ARGUMENT when memory is not the start of a live allocation.
  void require(const void* memory);
  // After require(); by one thread for each allocation.
  void remove(const void* memory);

  uint64_t live_bytes();

  struct Block {
    const void* start = nullptr;  // nullptr: the address is in no live allocation
    uint64_t bytes = 0;           // from the address to the allocation's end
  };
  Block find(const void* address);

 private:
  const char* const allocator_;
  std::mutex mutex_;
  uint64_t live_bytes_ = 0;
  std::map<uintptr_t, uint64_t> blocks_;
};

}  // namespace azj
