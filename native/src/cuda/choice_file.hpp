// What AUTO has chosen on one model of GPU, kept on disk, so that a later process need not measure again and chooses the
// same. One file for each model and version of the library, a line for each problem:
//
//   1 64 1 28 28 | 3 1 6 | 6 0.0123       the key | the candidates | the choice, its milliseconds
//
// A line counts only as long as the candidates are the same. Processes that write at once append whole lines. A file that
// cannot be read or written, or lines that are not understood, cost no more than measuring anew: choices are never wrong,
// at most slow.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "choice.hpp"

namespace azj::cuda {

class ChoiceFile {
 public:
  // The folder is the environment's AZULEJO_CHOICES (empty: no file), else azulejo in the user's cache: XDG_CACHE_HOME, or
  // ~/.cache. Choices of the emulated device, whose times mean nothing, are kept only in a folder that is named.
  explicit ChoiceFile(const CudaDevice& device);

  // The choice for a key, or nullptr where there is none for these candidates.
  const int32_t* find(const ChoiceKey& key, const std::vector<Candidate>& candidates);
  void add(const ChoiceKey& key, const std::vector<Candidate>& candidates, int32_t choice, double milliseconds);

 private:
  void read();

  std::string folder_, path_;  // empty: no file
  bool read_ = false;
  std::map<std::string, int32_t> choices_;  // by "key | candidates"
};

}  // namespace azj::cuda
