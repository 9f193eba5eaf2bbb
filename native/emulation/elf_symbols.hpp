// The symbol table of a program or library file: what dladdr knows plus hidden and local names, unless it was stripped.
#pragma once

#include <cstdint>
#include <functional>

namespace azj::emulation {

struct Symbol {
  const char* name;
  int type;        // STT_FUNC, STT_TLS...
  uint64_t value;  // offset in the file's address space; of a thread-local variable: in its segment
  uint64_t size;
};

void for_each_symbol(const char* path, const std::function<void(const Symbol&)>& visit);

}  // namespace azj::emulation
