// What this process may use of the machine: processors and memory, control groups (containers) included.
#pragma once

#include <cstdint>
#include <string>

namespace azj::cpu {

struct HostMemory {
  uint64_t total;  // physical memory, or the container's limit if that is less
  uint64_t free;
};

std::string processor_name();
int usable_processors();
HostMemory host_memory();

}  // namespace azj::cpu
