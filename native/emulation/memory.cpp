#include "memory.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <deque>
#include <map>

#include "memory_checks.hpp"

namespace azj::emulation {

namespace {

constexpr size_t kQuarantineBytes = size_t{1} << 30;  // of address space; the pages themselves are given back at once
constexpr size_t kQuarantineCount = 2048;
// On each side. A thousand floats past the end still belong to the allocation: beyond may lie a thread's stack.
constexpr size_t kGuardPages = 2;
constexpr size_t kFilledBytes = size_t{256} << 20;  // larger allocations are not all touched, and read as zeros
constexpr uint32_t kSignallingNan = 0x7fa00bad;

struct Registry {
  std::map<uintptr_t, Allocation> allocations;  // by their beginning, freed ones included
  std::deque<uintptr_t> quarantine;             // freed, oldest first
  size_t quarantine_bytes = 0;
};

// Never destroyed: kernels' threads may outlive static destructors.
Registry& registry() {
  static Registry* instance = new Registry;
  return *instance;
}

size_t page_bytes() {
  static const size_t bytes = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return bytes;
}

size_t round_up(size_t value, size_t unit) { return (value + unit - 1) / unit * unit; }

void unmap(const Allocation& allocation) {
  void* mapping = reinterpret_cast<void*>(allocation.mapping);
  mark(mapping, allocation.mapping_bytes, Reason::kNone);
  munmap(mapping, allocation.mapping_bytes);
}

void forget_oldest() {
  Registry& all = registry();
  auto oldest = all.allocations.find(all.quarantine.front());
  all.quarantine.pop_front();
  all.quarantine_bytes -= oldest->second.mapping_bytes;
  unmap(oldest->second);
  all.allocations.erase(oldest);
}

}  // namespace

bool check_device_initialisation() {
  static const bool asked = [] {
    const char* value = std::getenv("AZULEJO_EMULATION_INITCHECK");
    return value != nullptr && value[0] == '1';
  }();
  return asked;
}

// The allocation ends as near to the guard behind it as its alignment allows, and the slack is marked.
void* allocate_memory(size_t bytes, int device, bool host) {
  size_t page = page_bytes();
  if (bytes > SIZE_MAX / 4) return nullptr;
  size_t used = round_up(bytes, kAllocationAlignment), pages = round_up(used, page), guard = kGuardPages * page;
  void* mapping = mmap(nullptr, pages + 2 * guard, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping == MAP_FAILED) return nullptr;
  char* first = static_cast<char*>(mapping) + guard;
  if (mprotect(first, pages, PROT_READ | PROT_WRITE) != 0) {
    munmap(mapping, pages + 2 * guard);
    return nullptr;
  }
  char* begin = first + pages - used;
  Allocation allocation;
  allocation.begin = reinterpret_cast<uintptr_t>(begin);
  allocation.bytes = bytes;
  allocation.device = device;
  allocation.host = host;
  allocation.mapping = reinterpret_cast<uintptr_t>(mapping);
  allocation.mapping_bytes = pages + 2 * guard;
  registry().allocations.emplace(allocation.begin, allocation);
  if (bytes <= kFilledBytes) {
    uint32_t* words = reinterpret_cast<uint32_t*>(begin);
    for (size_t i = 0; i < used / 4; ++i) words[i] = kSignallingNan;
  }
  mark(mapping, allocation.mapping_bytes, Reason::kOutside);
  bool initialised = host || !check_device_initialisation();
  mark(begin, initialised ? bytes : round_up(bytes, 8), initialised ? Reason::kNone : Reason::kUninitialisedDevice);
  return begin;
}

void release_memory(uintptr_t begin) {
  Registry& all = registry();
  Allocation& allocation = all.allocations.at(begin);
  allocation.freed = true;
  void* mapping = reinterpret_cast<void*>(allocation.mapping);
  mark(mapping, allocation.mapping_bytes, Reason::kFreed);
  madvise(mapping, allocation.mapping_bytes, MADV_DONTNEED);
  mprotect(mapping, allocation.mapping_bytes, PROT_NONE);
  all.quarantine.push_back(begin);
  all.quarantine_bytes += allocation.mapping_bytes;
  while (all.quarantine_bytes > kQuarantineBytes || all.quarantine.size() > kQuarantineCount) forget_oldest();
}

void release_all(int device) {
  Registry& all = registry();
  for (auto entry = all.allocations.begin(); entry != all.allocations.end();) {
    const Allocation& allocation = (entry++)->second;
    if (!allocation.freed && (device < 0 || (!allocation.host && allocation.device == device))) {
      release_memory(allocation.begin);
      entry = all.allocations.begin();  // releasing may have erased any other
    }
  }
}

size_t live_bytes(int device) {
  size_t bytes = 0;
  for (const auto& entry : registry().allocations) {
    const Allocation& a = entry.second;
    if (!a.freed && (a.host ? device < 0 : a.device == device)) bytes += a.bytes;
  }
  return bytes;
}

Allocation* find_allocation(const void* address) {
  auto& allocations = registry().allocations;
  uintptr_t wanted = reinterpret_cast<uintptr_t>(address);
  auto after = allocations.upper_bound(wanted);
  if (after == allocations.begin()) return nullptr;
  Allocation& allocation = std::prev(after)->second;
  return wanted <= allocation.begin + allocation.bytes ? &allocation : nullptr;
}

bool lies_in_live(const Allocation* allocation, const void* address, size_t bytes) {
  if (allocation == nullptr || allocation->freed) return false;
  size_t offset = reinterpret_cast<uintptr_t>(address) - allocation->begin;
  return offset <= allocation->bytes && bytes <= allocation->bytes - offset;
}

void describe_address(const void* address, char* text, size_t size) {
  uintptr_t wanted = reinterpret_cast<uintptr_t>(address);
  for (const auto& entry : registry().allocations) {
    const Allocation& a = entry.second;
    if (wanted < a.mapping || wanted >= a.mapping + a.mapping_bytes) continue;
    const char* what = a.host ? "pinned host" : "device";
    if (wanted < a.begin) {
      std::snprintf(text, size, "%zu bytes before a %s%s allocation of %zu bytes", a.begin - wanted,
                    a.freed ? "freed " : "", what, a.bytes);
    } else if (wanted >= a.begin + a.bytes) {
      std::snprintf(text, size, "%zu bytes past the end of a %s%s allocation of %zu bytes", wanted - a.begin - a.bytes,
                    a.freed ? "freed " : "", what, a.bytes);
    } else {
      std::snprintf(text, size, "at offset %zu of a %s%s allocation of %zu bytes", wanted - a.begin,
                    a.freed ? "freed " : "", what, a.bytes);
    }
    return;
  }
  std::snprintf(text, size, "which is no memory of a device");
}

}  // namespace azj::emulation
