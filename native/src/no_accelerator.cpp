// A library with the CPU only: built where there is no nvcc, or with AZJ_CUDA=OFF.
#include "accelerator.hpp"

namespace azj {

const Accelerator& accelerator() {
  static const Accelerator none{-1, [] { return std::string("no cuda: built without nvcc"); }, nullptr, nullptr};
  return none;
}

}  // namespace azj
