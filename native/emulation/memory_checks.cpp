#include "memory_checks.hpp"

#include <sys/mman.h>

#include <cstdio>
#include <cstring>

#include "memory.hpp"
#include "scheduler.hpp"

namespace azj::emulation {

#ifdef AZJ_EMULATION_CHECKED

namespace {

constexpr uintptr_t kShadow = AZJ_EMULATION_SHADOW_OFFSET;
constexpr uintptr_t kWritten = kShadow + (uintptr_t{1} << 44);
constexpr size_t kMapBytes = size_t{1} << 44;  // an eighth of 47 bits of address

uint8_t& shadow_of(uintptr_t granule) { return *reinterpret_cast<uint8_t*>(kShadow + granule); }
uint8_t& written_of(uintptr_t granule) { return *reinterpret_cast<uint8_t*>(kWritten + granule); }

bool mapped = false;

// Instrumented code cannot run a single load without the map, so it has to be there when the library is loaded. Only
// pages that are used take memory.
__attribute__((constructor(101))) void map_shadow() {
  for (uintptr_t base : {kShadow, kWritten}) {
    void* map = mmap(reinterpret_cast<void*>(base), kMapBytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (map != reinterpret_cast<void*>(base)) return;
    madvise(map, kMapBytes, MADV_DONTDUMP);
    madvise(map, kMapBytes, MADV_NOHUGEPAGE);
  }
  mapped = true;
}

// The bytes of granule `granule` that [begin, end) covers, one bit each.
unsigned covered(uintptr_t granule, uintptr_t begin, uintptr_t end) {
  uintptr_t low = granule * 8, first = begin > low ? begin - low : 0, last = end < low + 8 ? end - low : 8;
  return (0xffu << first) & (0xffu >> (8 - last));
}

bool is_uninitialised(uint8_t shadow) {
  return shadow >= static_cast<uint8_t>(Reason::kUninitialisedShared) &&
         shadow <= static_cast<uint8_t>(Reason::kUninitialisedDevice);
}

void note_written(uintptr_t granule, unsigned bytes) {
  uint8_t& written = written_of(granule);
  if (shadow_of(granule) == static_cast<uint8_t>(Reason::kUninitialisedDevice)) {
    // Other OS threads may write the other bytes of this granule.
    if ((__atomic_fetch_or(&written, bytes, __ATOMIC_RELAXED) | bytes) == 0xff) shadow_of(granule) = 0;
    return;
  }
  if (written == 0) Scheduler::current()->shared().touched(granule);
  written |= bytes;
  if (written == 0xff) shadow_of(granule) = 0;
}

const char* explain(uint8_t shadow) {
  switch (static_cast<Reason>(shadow)) {
    case Reason::kUninitialisedShared: return "shared memory that was not written before";
    case Reason::kPendingCopy: return "the target of an asynchronous copy that was not waited for";
    case Reason::kUninitialisedDevice: return "device memory that was not written before";
    case Reason::kFreed: return "freed memory";
    case Reason::kBeyondShared: return "past the end of the block's dynamic shared memory";
    default: return "outside of device memory";
  }
}

// Whether any of the bytes [begin, end) that are not known to be written still holds what they were filled with.
bool holds_pattern(uintptr_t granule, unsigned unwritten) {
  uint8_t pattern[8];
  std::memcpy(pattern, &kSharedPattern, 4);
  std::memcpy(pattern + 4, &kSharedPattern, 4);
  const uint8_t* bytes = reinterpret_cast<const uint8_t*>(granule * 8);
  // By words: a byte of a number may well look like one of the pattern.
  for (unsigned word : {0x0fu, 0xf0u}) {
    unsigned asked = unwritten & word;
    bool same = asked != 0;
    for (unsigned byte = 0; byte < 8; ++byte) {
      if ((asked >> byte & 1) != 0 && bytes[byte] != pattern[byte]) same = false;
    }
    if (same) return true;
  }
  return false;
}

void fault(Scheduler& scheduler, uintptr_t address, size_t bytes, bool store, uint8_t shadow, const void* instruction) {
  char where[256];
  const void* pointer = reinterpret_cast<const void*>(address);
  scheduler.shared().describe(pointer, where, sizeof where);
  if (where[0] == '\0') describe_address(pointer, where, sizeof where);
  char code[256];
  std::snprintf(code, sizeof code, "%s", code_location(instruction).c_str());
  scheduler.fail(is_uninitialised(shadow) ? cudaErrorLaunchFailure : cudaErrorIllegalAddress,
                 "%s of %zu bytes at %p, %s: %s; instruction %s", store ? "write" : "read", bytes, pointer, where,
                 explain(shadow), code);
}

// An access that the shadow does not allow at once.
void examine(uintptr_t address, size_t bytes, bool store, const void* instruction) {
  Scheduler* scheduler = Scheduler::current();
  if (scheduler == nullptr) return;  // host code beside the kernels: not what is checked here
  uintptr_t end = address + bytes;
  for (uintptr_t granule = address / 8; granule * 8 < end; ++granule) {
    uint8_t shadow = shadow_of(granule);
    if (shadow == 0) continue;
    unsigned accessed = covered(granule, address, end);
    if (is_uninitialised(shadow)) {
      if (store) {
        note_written(granule, accessed);
        continue;
      }
      unsigned unwritten = accessed & ~written_of(granule);
      if (unwritten == 0) continue;
      if (shadow != static_cast<uint8_t>(Reason::kUninitialisedDevice) && !holds_pattern(granule, unwritten)) {
        note_written(granule, unwritten);  // by code that is not instrumented
        continue;
      }
    } else if (shadow < 8 && (accessed >> shadow) == 0) {
      continue;
    }
    fault(*scheduler, address, bytes, store, shadow, instruction);
  }
}

}  // namespace

bool checks_compiled_in() { return true; }

const char* why_no_kernel_can_run() {
  return mapped ? nullptr
                : "the memory checks found no 2^45 bytes of address space to reserve; raise ulimit -v and allow "
                  "overcommit, or "
                  "build with -DAZJ_EMULATION_CHECKS=OFF";
}

void mark(const void* begin, size_t bytes, Reason reason) {
  uintptr_t granule = reinterpret_cast<uintptr_t>(begin) / 8;
  std::memset(reinterpret_cast<void*>(kShadow + granule), static_cast<uint8_t>(reason), bytes / 8);
  if (is_uninitialised(static_cast<uint8_t>(reason))) {
    std::memset(reinterpret_cast<void*>(kWritten + granule), 0, bytes / 8);
  }
  if (bytes % 8 != 0) shadow_of(granule + bytes / 8) = static_cast<uint8_t>(bytes % 8);
}

void check_read(const void* address, size_t bytes, const void* instruction) {
  examine(reinterpret_cast<uintptr_t>(address), bytes, false, instruction);
}

void check_write(const void* address, size_t bytes, const void* instruction) {
  examine(reinterpret_cast<uintptr_t>(address), bytes, true, instruction);
}

void mark_pending(SharedMemory& shared, const void* target, size_t bytes) {
  uintptr_t begin = reinterpret_cast<uintptr_t>(target), end = begin + bytes;
  for (uintptr_t granule = begin / 8; granule * 8 < end; ++granule) {
    unsigned pending = covered(granule, begin, end);
    if (shadow_of(granule) == 0) written_of(granule) = 0xff;  // already in the list of touched granules
    if (written_of(granule) == 0) shared.touched(granule);
    written_of(granule) &= ~pending;
    shadow_of(granule) = static_cast<uint8_t>(Reason::kPendingCopy);
  }
  // What the bytes were is lost. All asynchronous copies are of whole words.
  for (uintptr_t word = begin; word < end; word += 4) std::memcpy(reinterpret_cast<void*>(word), &kSharedPattern, 4);
}

void mark_written(const void* target, size_t bytes) {
  uintptr_t begin = reinterpret_cast<uintptr_t>(target), end = begin + bytes;
  for (uintptr_t granule = begin / 8; granule * 8 < end; ++granule) {
    if (is_uninitialised(shadow_of(granule))) note_written(granule, covered(granule, begin, end));
  }
}

#else

bool checks_compiled_in() { return false; }

const char* why_no_kernel_can_run() { return nullptr; }

void mark(const void* begin, size_t bytes, Reason reason) {
#if AZJ_EMULATION_ASAN
  if (reason >= Reason::kOutside) {
    __asan_poison_memory_region(begin, bytes);
  } else {
    __asan_unpoison_memory_region(begin, bytes);
  }
#else
  (void)begin, (void)bytes, (void)reason;
#endif
}

void check_read(const void*, size_t, const void*) {}
void check_write(const void*, size_t, const void*) {}
void mark_pending(SharedMemory&, const void*, size_t) {}
void mark_written(const void*, size_t) {}

#endif

}  // namespace azj::emulation

#ifdef AZJ_EMULATION_CHECKED

// What the instrumented code calls. `report` functions: the shadow byte did not allow the access; the others, used for
// unusual sizes, have the whole check to do.
#define AZJ_CHECK(name, size, store)                                            \
  void __asan_report_##name##_noabort(uintptr_t address) {                      \
    azj::emulation::examine(address, size, store, __builtin_return_address(0)); \
  }                                                                             \
  void __asan_##name##_noabort(uintptr_t address) {                             \
    azj::emulation::examine(address, size, store, __builtin_return_address(0)); \
  }
#define AZJ_CHECK_N(report, check, store)                                        \
  void report(uintptr_t address, size_t bytes) {                                 \
    azj::emulation::examine(address, bytes, store, __builtin_return_address(0)); \
  }                                                                              \
  void check(uintptr_t address, size_t bytes) {                                  \
    azj::emulation::examine(address, bytes, store, __builtin_return_address(0)); \
  }

#pragma GCC visibility push(hidden)
extern "C" {
AZJ_CHECK(load1, 1, false)
AZJ_CHECK(load2, 2, false)
AZJ_CHECK(load4, 4, false)
AZJ_CHECK(load8, 8, false)
AZJ_CHECK(load16, 16, false)
AZJ_CHECK(store1, 1, true)
AZJ_CHECK(store2, 2, true)
AZJ_CHECK(store4, 4, true)
AZJ_CHECK(store8, 8, true)
AZJ_CHECK(store16, 16, true)
AZJ_CHECK_N(__asan_report_load_n_noabort, __asan_loadN_noabort, false)
AZJ_CHECK_N(__asan_report_store_n_noabort, __asan_storeN_noabort, true)
// Told about, and of no interest here.
void __asan_handle_no_return() {}
void __asan_before_dynamic_init(const char*) {}
void __asan_after_dynamic_init() {}

// -fsanitize=alignment: the layout of the first argument is the undefined-behaviour sanitizer's.
struct TypeMismatch {
  const char* file;
  uint32_t line, column;
  const void* type;
  unsigned char log_alignment, kind;
};
void __ubsan_handle_type_mismatch_v1(TypeMismatch* what, uintptr_t address) {
  azj::emulation::Scheduler* scheduler = azj::emulation::Scheduler::current();
  if (scheduler == nullptr) return;
  scheduler->fail(cudaErrorMisalignedAddress, "address %p is not aligned to %u bytes, which this access needs (%s:%u)",
                  reinterpret_cast<void*>(address), 1u << what->log_alignment, what->file, what->line);
}
}
#pragma GCC visibility pop

#endif
