#include "fault.hpp"

#include <cxxabi.h>
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace azj::emulation {

namespace {

// A file mapped for reading, for the length of a look-up.
class MappedFile {
 public:
  explicit MappedFile(const char* path) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (file < 0) return;
    if (fstat(file, &status) == 0 && status.st_size > 0) {
      size_ = static_cast<size_t>(status.st_size);
      void* map = mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file, 0);
      data_ = map == MAP_FAILED ? nullptr : static_cast<const char*>(map);
    }
    close(file);
  }
  ~MappedFile() {
    if (data_ != nullptr) munmap(const_cast<char*>(data_), size_);
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  // nullptr when the file does not have that many.
  template <class T>
  const T* at(uint64_t offset, uint64_t count = 1) const {
    if (data_ == nullptr || offset > size_ || count > (size_ - offset) / sizeof(T)) return nullptr;
    return reinterpret_cast<const T*>(data_ + offset);
  }
  uint64_t size() const { return size_; }

 private:
  const char* data_ = nullptr;
  size_t size_ = 0;
};

// Kernels have hidden names, which dladdr does not know; the symbol table of the file does, unless it was stripped.
std::string symbol_at(const char* path, uint64_t offset) {
  MappedFile file(path);
  const auto* header = file.at<ElfW(Ehdr)>(0);
  if (header == nullptr) return "";
  const auto* sections = file.at<ElfW(Shdr)>(header->e_shoff, header->e_shnum);
  for (int i = 0; sections != nullptr && i < header->e_shnum; ++i) {
    if (sections[i].sh_type != SHT_SYMTAB || sections[i].sh_link >= header->e_shnum) continue;
    uint64_t count = sections[i].sh_size / sizeof(ElfW(Sym));
    const auto* symbols = file.at<ElfW(Sym)>(sections[i].sh_offset, count);
    const auto& names = sections[sections[i].sh_link];
    const char* text = file.at<char>(names.sh_offset, names.sh_size);
    for (uint64_t s = 0; symbols != nullptr && text != nullptr && s < count; ++s) {
      if ((symbols[s].st_info & 0xf) != STT_FUNC || symbols[s].st_name >= names.sh_size) continue;
      if (offset >= symbols[s].st_value && offset < symbols[s].st_value + symbols[s].st_size) {
        return text + symbols[s].st_name;
      }
    }
  }
  return "";
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
  std::string name = symbol_at(info.dli_fname, offset);
  // In a program linked to fixed addresses the symbol table has addresses instead of offsets.
  if (name.empty()) name = symbol_at(info.dli_fname, reinterpret_cast<uintptr_t>(function));
  if (name.empty()) return code_location(function);
  int status = 0;
  char* readable = abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status);
  if (readable != nullptr) name = readable;
  std::free(readable);
  // Without the parameter list, and for an instance of a template without the return type in front: "tiled<16>".
  int depth = 0;
  for (size_t i = 0; i < name.size(); ++i) {
    if (name.compare(i, 21, "(anonymous namespace)") == 0) i += 20;
    else if (name[i] == '<') ++depth;
    else if (name[i] == '>') --depth;
    else if (name[i] == '(' && depth == 0) name.resize(i);
  }
  return name.compare(0, 5, "void ") == 0 ? name.substr(5) : name;
}

std::string code_location(const void* instruction) {
  Dl_info info;
  if (dladdr(instruction, &info) == 0) return hexadecimal(reinterpret_cast<uintptr_t>(instruction));
  std::string file = info.dli_fname;
  file.erase(0, file.rfind('/') + 1);
  return file + "+" + hexadecimal(reinterpret_cast<uintptr_t>(instruction) - reinterpret_cast<uintptr_t>(info.dli_fbase));
}

}  // namespace azj::emulation
