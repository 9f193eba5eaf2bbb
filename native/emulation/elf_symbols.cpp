#include "elf_symbols.hpp"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>

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

 private:
  const char* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace

void for_each_symbol(const char* path, const std::function<void(const Symbol&)>& visit) {
  MappedFile file(path);
  const auto* header = file.at<ElfW(Ehdr)>(0);
  if (header == nullptr) return;
  const auto* sections = file.at<ElfW(Shdr)>(header->e_shoff, header->e_shnum);
  for (int i = 0; sections != nullptr && i < header->e_shnum; ++i) {
    if (sections[i].sh_type != SHT_SYMTAB || sections[i].sh_link >= header->e_shnum) continue;
    uint64_t count = sections[i].sh_size / sizeof(ElfW(Sym));
    const auto* symbols = file.at<ElfW(Sym)>(sections[i].sh_offset, count);
    const auto& names = sections[sections[i].sh_link];
    const char* text = file.at<char>(names.sh_offset, names.sh_size);
    for (uint64_t s = 0; symbols != nullptr && text != nullptr && s < count; ++s) {
      if (symbols[s].st_name >= names.sh_size || symbols[s].st_shndx == SHN_UNDEF) continue;
      visit({text + symbols[s].st_name, symbols[s].st_info & 0xf, symbols[s].st_value, symbols[s].st_size});
    }
  }
}

}  // namespace azj::emulation
