#include "shared_memory.hpp"

#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <new>

#include "device_builtins.h"
#include "memory_checks.hpp"

namespace azj::emulation {

namespace {

constexpr uint32_t kSignallingNan = 0x7fa05a4d;

struct Segment {
  uintptr_t inside;      // an address in it
  uintptr_t begin, end;  // found
};

// Looks for the thread-local segment, of the calling OS thread, that an address lies in.
int compare(dl_phdr_info* library, size_t, void* wanted) {
  Segment& segment = *static_cast<Segment*>(wanted);
  for (int i = 0; i < library->dlpi_phnum; ++i) {
    if (library->dlpi_phdr[i].p_type != PT_TLS || library->dlpi_tls_data == nullptr) continue;
    uintptr_t begin = reinterpret_cast<uintptr_t>(library->dlpi_tls_data);
    uintptr_t end = begin + library->dlpi_phdr[i].p_memsz;
    if (segment.inside < begin || segment.inside >= end) continue;
    segment.begin = begin;
    segment.end = end;
    return 1;
  }
  return 0;
}

}  // namespace

SharedMemory::SharedMemory() {
  size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  void* memory =
      mmap(nullptr, kMaxSharedBytes + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  dynamic_ = memory;
  mark(dynamic_, kMaxSharedBytes + page, Reason::kBeyondShared);
}

SharedMemory::~SharedMemory() {
  size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  mark(dynamic_, kMaxSharedBytes + page, Reason::kNone);
  munmap(dynamic_, kMaxSharedBytes + page);
}

const SharedMemory::Variables& SharedMemory::variables_of(const Kernel& kernel) {
  for (const Variables& known : libraries_) {
    if (known.storage == kernel.thread_storage) return known;
  }
  Segment segment{reinterpret_cast<uintptr_t>(kernel.thread_storage()), 0, 0};
  dl_iterate_phdr(&compare, &segment);
  Variables found{kernel.thread_storage, (segment.begin + 7) & ~uintptr_t{7}, segment.end & ~uintptr_t{7}};
  if (checks_compiled_in() && found.begin < found.end) {
    // All thread-local variables of the library: those that are not shared variables of kernels are used by code that is
    // not instrumented, except threadIdx and its companions.
    mark(reinterpret_cast<void*>(found.begin), found.end - found.begin, Reason::kUninitialisedShared);
    mark(&builtins, sizeof builtins, Reason::kNone);
  }
  libraries_.push_back(found);
  return libraries_.back();
}

void SharedMemory::begin_grid(const Kernel& kernel, size_t bytes) {
  begin_block();
  variables_ = &variables_of(kernel);
  if (bytes == dynamic_bytes_) return;
  size_t before = (dynamic_bytes_ + 7) / 8 * 8, now = (bytes + 7) / 8 * 8;
  if (before > 0) mark(dynamic_, before, Reason::kBeyondShared);
  if (now > 0) mark(dynamic_, now, Reason::kUninitialisedShared);
  dynamic_bytes_ = bytes;
}

void SharedMemory::begin_block() {
  for (uintptr_t granule : touched_) {
    mark(reinterpret_cast<void*>(granule * 8), 8, Reason::kUninitialisedShared);
  }
  touched_.clear();
  if (!checks_compiled_in()) std::fill_n(static_cast<uint32_t*>(dynamic_), (dynamic_bytes_ + 3) / 4, kSignallingNan);
}

bool SharedMemory::contains_dynamic(const void* address) const {
  uintptr_t begin = reinterpret_cast<uintptr_t>(dynamic_), wanted = reinterpret_cast<uintptr_t>(address);
  return wanted >= begin && wanted < begin + kMaxSharedBytes;
}

bool SharedMemory::contains(const void* address, size_t bytes) const {
  uintptr_t wanted = reinterpret_cast<uintptr_t>(address), begin = reinterpret_cast<uintptr_t>(dynamic_);
  if (wanted >= begin && wanted + bytes <= begin + dynamic_bytes_) return true;
  return variables_ != nullptr && wanted >= variables_->begin && wanted + bytes <= variables_->end;
}

}  // namespace azj::emulation
