#include "fault.hpp"

#include <cxxabi.h>
#include <dlfcn.h>
#include <elf.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "elf_symbols.hpp"

namespace azj::emulation {

namespace {

// Kernels have hidden names, which dladdr does not know.
std::string function_at(const char* path, uint64_t offset) {
  std::string name;
  for_each_symbol(path, [&](const Symbol& symbol) {
    if (symbol.type == STT_FUNC && offset >= symbol.value && offset < symbol.value + symbol.size) name = symbol.name;
  });
  return name;
}

std::string hexadecimal(uint64_t value) {
  char text[32];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

}  // namespace

std::string kernel_name(const void* function) {
  Dl_info info;
  if (dladdr(function, &info) == 0) return hexadecimal(reinterpret_cast<uintptr_t>(function));
  uint64_t offset = reinterpret_cast<uintptr_t>(function) - reinterpret_cast<uintptr_t>(info.dli_fbase);
  std::string name = function_at(info.dli_fname, offset);
  // In a program linked to fixed addresses the symbol table has addresses instead of offsets.
  if (name.empty()) name = function_at(info.dli_fname, reinterpret_cast<uintptr_t>(function));
  if (name.empty()) return code_location(function);
  int status = 0;
  char* readable = abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status);
  if (readable != nullptr) name = readable;
  std::free(readable);
  // Without the parameter list, and for an instance of a template without the return type in front: "tiled<16>".
  int depth = 0;
  for (size_t i = 0; i < name.size(); ++i) {
    if (name.compare(i, 21, "(anonymous namespace)") == 0)
      i += 20;
    else if (name[i] == '<')
      ++depth;
    else if (name[i] == '>')
      --depth;
    else if (name[i] == '(' && depth == 0)
      name.resize(i);
  }
  return name.compare(0, 5, "void ") == 0 ? name.substr(5) : name;
}

std::string code_location(const void* instruction) {
  Dl_info info;
  if (dladdr(instruction, &info) == 0) return hexadecimal(reinterpret_cast<uintptr_t>(instruction));
  std::string file = info.dli_fname;
  file.erase(0, file.rfind('/') + 1);
  return file + "+" +
         hexadecimal(reinterpret_cast<uintptr_t>(instruction) - reinterpret_cast<uintptr_t>(info.dli_fbase));
}

}  // namespace azj::emulation
