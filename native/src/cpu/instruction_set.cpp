#include "instruction_set.hpp"

#include <cstdlib>
#include <cstring>
#include <string>

namespace azj::cpu {

// Defined in operations.cpp, which is compiled once per instruction set.
#if defined(__x86_64__)
namespace avx512 {
azj_stream* open_stream(azj_device& device, Team* team);
}
namespace avx2 {
azj_stream* open_stream(azj_device& device, Team* team);
}
#endif
namespace portable {
azj_stream* open_stream(azj_device& device, Team* team);
}

// The same sets as the compiler's options in CMakeLists.txt.
const InstructionSet kInstructionSets[kInstructionSetCount] = {
#if defined(__x86_64__)
    {"avx512",
     [] {
       return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
              __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
              __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
     },
     avx512::open_stream},
    {"avx2", [] { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }, avx2::open_stream},
#endif
    {"portable", [] { return true; }, portable::open_stream},
};

namespace {

std::string names(bool only_supported) {
  std::string list;
  for (const auto& set : kInstructionSets) {
    if (!only_supported || set.supported()) list += (list.empty() ? "" : ", ") + std::string(set.name);
  }
  return list;
}

}  // namespace

const InstructionSet& choose_instruction_set() {
  const char* wanted = std::getenv("AZULEJO_ISA");
  if (wanted == nullptr || *wanted == '\0') {
    const InstructionSet* set = kInstructionSets;
    while (!set->supported()) ++set;
    return *set;
  }
  for (const auto& set : kInstructionSets) {
    if (std::strcmp(set.name, wanted) != 0) continue;
    if (!set.supported()) {
      fail(AZJ_UNSUPPORTED, "AZULEJO_ISA asks for %s, which this processor does not have; it has %s", wanted,
           names(true).c_str());
    }
    return set;
  }
  fail(AZJ_INVALID_ARGUMENT, "AZULEJO_ISA is \"%.64s\"; this build knows %s", wanted, names(false).c_str());
}

}  // namespace azj::cpu
