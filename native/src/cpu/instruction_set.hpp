// The instruction sets the CPU operations were compiled for, and the choice among them at run time.
#pragma once

#include "../backend.hpp"
#include "team.hpp"

namespace azj::cpu {

struct InstructionSet {
  const char* name;
  bool (*supported)();  // by this processor and its operating system
  azj_stream* (*open_stream)(azj_device& device, Team* team);  // the stream then owns the team
};

#if defined(__x86_64__)
constexpr int kInstructionSetCount = 3;
#else
constexpr int kInstructionSetCount = 1;
#endif

// Best first; the last one runs everywhere.
extern const InstructionSet kInstructionSets[kInstructionSetCount];

// The best one the processor has, or the one named by the environment variable AZULEJO_ISA.
const InstructionSet& choose_instruction_set();

}  // namespace azj::cpu
