#include "architectures.hpp"

#include <cstdlib>
#include <sstream>
#include <vector>

// Set by CMake: "75,80,86,89,90a,100,120" and the architecture of the PTX, "120".
#if !defined(AZJ_CUDA_MACHINE_CODE) || !defined(AZJ_CUDA_PTX)
#error "the build names the architectures it compiles for, see cuda.cmake"
#endif

namespace azj::cuda {

namespace {

struct Architecture {
  std::string name;      // "90a"
  int major = 0, minor = 0;
  bool only = false;     // no later architecture runs it
};

std::vector<Architecture> machine_code() {
  std::vector<Architecture> all;
  std::istringstream names(AZJ_CUDA_MACHINE_CODE);
  for (std::string name; std::getline(names, name, ',');) {
    const int number = std::atoi(name.c_str());
    all.push_back({name, number / 10, number % 10, name.back() == 'a'});
  }
  return all;
}

}  // namespace

bool runs_on(int major, int minor) {
  for (const Architecture& a : machine_code()) {
    if (a.major == major && (a.only ? a.minor == minor : a.minor <= minor)) return true;
  }
  return major * 10 + minor >= std::atoi(AZJ_CUDA_PTX);
}

std::string architectures_text() {
  std::string text;
  for (const Architecture& a : machine_code()) text += (text.empty() ? "sm_" : ", sm_") + a.name;
  return text + " and PTX for compute_" AZJ_CUDA_PTX " and later";
}

}  // namespace azj::cuda
