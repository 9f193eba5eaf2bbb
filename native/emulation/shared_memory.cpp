#include "shared_memory.hpp"

#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <new>

#include "elf_symbols.hpp"
#include "memory_checks.hpp"

namespace azj::emulation {

namespace {

// Variables this small are restored before every block, whether or not a write to them was seen.
constexpr size_t kSmallVariable = 64;

struct Segment {
  uintptr_t inside;      // an address in it
  uintptr_t begin, end;  // found
  std::string file;
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
    bool program = library->dlpi_name == nullptr || library->dlpi_name[0] == '\0';
    segment.file = program ? "/proc/self/exe" : library->dlpi_name;
    return 1;
  }
  return 0;
}

void fill(uintptr_t begin, uintptr_t end) {
  const char* pattern = reinterpret_cast<const char*>(&kSharedPattern);
  for (; begin < end; ++begin) *reinterpret_cast<char*>(begin) = pattern[begin % 4];
}

// Fills whole granules and marks them.
void poison(void* begin, size_t bytes) {
  std::fill_n(static_cast<uint32_t*>(begin), bytes / 4, kSharedPattern);
  mark(begin, bytes, Reason::kUninitialisedShared);
}

// Names of variables in functions begin so; "tile" of "_ZZN3azj4cuda5tiledEPfE4tile" is the last part.
bool is_local_to_a_function(const char* name) {
  return std::strncmp(name, "_ZZ", 3) == 0 && std::strncmp(name, "_ZZN3azj9emulation", 18) != 0;
}

std::string last_part(const char* name) {
  std::string rest = name;
  for (size_t at = rest.size(); at-- > 0;) {
    if (rest[at] != 'E' || at + 1 >= rest.size() || rest[at + 1] < '1' || rest[at + 1] > '9') continue;
    size_t digits = 0;
    size_t length = std::stoul(rest.substr(at + 1), &digits);
    return rest.substr(at + 1 + digits, length);
  }
  return rest;
}

}  // namespace

SharedMemory::SharedMemory() {
  size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  void* memory =
      mmap(nullptr, kMaxSharedBytes + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  mapped_ = memory;
  dynamic_ = static_cast<char*>(memory) + kDynamicAlignment;
  mark(mapped_, kMaxSharedBytes + page, Reason::kBeyondShared);
}

SharedMemory::~SharedMemory() {
  size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  mark(mapped_, kMaxSharedBytes + page, Reason::kNone);
  munmap(mapped_, kMaxSharedBytes + page);
}

SharedMemory::Library& SharedMemory::library_of(const Kernel& kernel) {
  for (Library& known : libraries_) {
    if (known.storage == kernel.thread_storage) return known;
  }
  Segment segment{reinterpret_cast<uintptr_t>(kernel.thread_storage()), 0, 0, ""};
  dl_iterate_phdr(&compare, &segment);
  Library library{kernel.thread_storage, segment.begin, segment.end, {}, {}};
  for_each_symbol(segment.file.c_str(), [&](const Symbol& symbol) {
    if (symbol.type != STT_TLS || symbol.size == 0 || !is_local_to_a_function(symbol.name)) return;
    uintptr_t begin = segment.begin + symbol.value;
    library.variables.push_back({begin, begin + symbol.size, last_part(symbol.name)});
  });
  library.owned.assign((segment.end - segment.begin) / 8 + 2, 0);
  for (const Variable& variable : library.variables) {
    for (uintptr_t byte = variable.begin; byte < variable.end; ++byte) {
      library.owned[byte / 8 - segment.begin / 8] |= static_cast<uint8_t>(1u << byte % 8);
    }
  }
  for (const Variable& variable : library.variables) {
    uintptr_t low = variable.begin & ~uintptr_t{7}, high = (variable.end + 7) & ~uintptr_t{7};
    fill(variable.begin, variable.end);
    mark(reinterpret_cast<void*>(low), high - low, Reason::kUninitialisedShared);
  }
  libraries_.push_back(std::move(library));
  return libraries_.back();
}

void SharedMemory::begin_grid(const Kernel& kernel, size_t bytes) {
  begin_block();
  library_ = &library_of(kernel);
  if (bytes == dynamic_bytes_) return;
  size_t before = (dynamic_bytes_ + 7) / 8 * 8, now = (bytes + 7) / 8 * 8;
  if (before > 0) mark(dynamic_, before, Reason::kBeyondShared);
  if (now > 0) mark(dynamic_, now, Reason::kNone);  // for AddressSanitizer, which would not let it be filled
  if (now > 0) poison(dynamic_, now);
  dynamic_bytes_ = bytes;
}

void SharedMemory::restore(uintptr_t granule) {
  uintptr_t begin = granule * 8;
  unsigned owned = 0xff;
  if (library_ != nullptr && begin + 8 > library_->begin && begin < library_->end) {
    owned = library_->owned[granule - library_->begin / 8];
  }
  if (owned == 0xff) {
    poison(reinterpret_cast<void*>(begin), 8);
    return;
  }
  for (unsigned byte = 0; byte < 8; ++byte) {
    if ((owned >> byte & 1) != 0) fill(begin + byte, begin + byte + 1);
  }
  mark(reinterpret_cast<void*>(begin), 8, Reason::kUninitialisedShared);
}

void SharedMemory::begin_block() {
  for (uintptr_t granule : touched_) restore(granule);
  touched_.clear();
  if (library_ == nullptr) return;
  for (const Variable& variable : library_->variables) {
    if (checks_compiled_in() && variable.end - variable.begin > kSmallVariable) continue;
    fill(variable.begin, variable.end);
  }
  if (!checks_compiled_in()) poison(dynamic_, (dynamic_bytes_ + 7) / 8 * 8);
}

bool SharedMemory::contains(const void* address, size_t bytes) const {
  uintptr_t wanted = reinterpret_cast<uintptr_t>(address), begin = reinterpret_cast<uintptr_t>(dynamic_);
  if (wanted >= begin && wanted < begin + kMaxSharedBytes) return wanted + bytes <= begin + dynamic_bytes_;
  return library_ != nullptr && wanted >= library_->begin && wanted + bytes <= library_->end;
}

bool SharedMemory::window_address(const void* pointer, uint32_t& address) const {
  if (reinterpret_cast<uintptr_t>(pointer) - reinterpret_cast<uintptr_t>(dynamic_) >= dynamic_bytes_) return false;
  const ptrdiff_t offset = static_cast<const char*>(pointer) - static_cast<const char*>(dynamic_);
  address = static_cast<uint32_t>(offset) + kWindowBegin;
  return true;
}

void* SharedMemory::at_peer(const void* address, const SharedMemory& peer) const {
  const uintptr_t wanted = reinterpret_cast<uintptr_t>(address), begin = reinterpret_cast<uintptr_t>(dynamic_);
  if (wanted >= begin && wanted < begin + kMaxSharedBytes) return static_cast<char*>(peer.dynamic_) + (wanted - begin);
  return reinterpret_cast<void*>(peer.library_->begin + (wanted - library_->begin));
}

void SharedMemory::describe(const void* address, char* text, size_t size) const {
  uintptr_t wanted = reinterpret_cast<uintptr_t>(address), begin = reinterpret_cast<uintptr_t>(dynamic_);
  if (wanted >= begin && wanted < begin + kMaxSharedBytes) {
    std::snprintf(text, size, "offset %zu of %zu bytes of dynamic shared memory", wanted - begin, dynamic_bytes_);
    return;
  }
  text[0] = '\0';
  if (library_ == nullptr) return;
  for (const Variable& variable : library_->variables) {
    if (wanted < variable.begin || wanted >= variable.end) continue;
    std::snprintf(text, size, "offset %zu of %zu bytes of shared variable %s", wanted - variable.begin,
                  variable.end - variable.begin, variable.name.c_str());
  }
}

}  // namespace azj::emulation
