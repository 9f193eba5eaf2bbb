#include "allocations.hpp"

#include "error.hpp"

namespace azj {

void Allocations::add(void* memory, uint64_t bytes) {
  std::lock_guard<std::mutex> lock(mutex_);
  blocks_.emplace(reinterpret_cast<uintptr_t>(memory), bytes);
  live_bytes_ += bytes;
}

void Allocations::require(const void* memory) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (blocks_.count(reinterpret_cast<uintptr_t>(memory)) != 0) return;
  fail(AZJ_INVALID_ARGUMENT,
       "memory %p is not a live allocation of this device: it was freed already, or is not from %s()", memory,
       allocator_);
}

void Allocations::remove(const void* memory) {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto found = blocks_.find(reinterpret_cast<uintptr_t>(memory));
  if (found == blocks_.end()) return;
  live_bytes_ -= found->second;
  blocks_.erase(found);
}

uint64_t Allocations::live_bytes() {
  std::lock_guard<std::mutex> lock(mutex_);
  return live_bytes_;
}

Allocations::Block Allocations::find(const void* address) {
  const auto at = reinterpret_cast<uintptr_t>(address);
  std::lock_guard<std::mutex> lock(mutex_);
  auto next = blocks_.upper_bound(at);
  if (next == blocks_.begin()) return {};
  --next;
  const uint64_t offset = at - next->first;
  if (offset >= next->second) return {};
  return {reinterpret_cast<const void*>(next->first), next->second - offset};
}

}  // namespace azj
