// AUTO: the fastest algorithm for a problem, found by running each once on the device, then kept for the process and, in
// a file (choice_file.hpp), for those after it.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "device.hpp"

namespace azj::cuda {

struct Candidate {
  int32_t algorithm;
  uint64_t bytes;  // of the buffers that run() takes
  // Gives the algorithm to the stream once, on operands of zeros that lie in `memory`. May throw AZJ_UNSUPPORTED.
  std::function<void(char* memory)> run;
};

// What a choice is made for: which operation, and the numbers that its time depends on.
using ChoiceKey = std::vector<int64_t>;

// The fastest of the candidates; the first one, which is not remembered, where there is nothing to measure with: while the
// stream records (recording), when half of the device's free memory does not hold the buffers, or when the environment
// variable AZULEJO_MEASURE is 0. The device is the calling thread's.
int32_t choose(CudaDevice& device, cudaStream_t stream, bool recording, ChoiceKey key,
               const std::vector<Candidate>& candidates);

}  // namespace azj::cuda
