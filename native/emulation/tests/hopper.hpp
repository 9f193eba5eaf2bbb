// For the tests of tensor copies, mbarriers and wgmma.
#pragma once

#include <cuda.h>

#include <array>
#include <utility>

#include "faults.hpp"

namespace test {

using azj::cuda::dynamic_shared;

// Dynamic shared memory from where the pattern of every swizzle begins, and how much more it takes to have some there:
// it begins on 128 bytes.
constexpr size_t kSwizzlePattern = 1024, kSwizzleRoom = kSwizzlePattern - 128;

inline unsigned char* swizzled_shared() {
  unsigned char* const begin = dynamic_shared<unsigned char>();
  return begin + (kSwizzlePattern - azj::cuda::shared_address(begin) % kSwizzlePattern) % kSwizzlePattern;
}

inline void wait_for(uint64_t* barrier, uint32_t parity, AZJ_SITE_PARAMETERS) {
  while (!azj::cuda::mbarrier_try_wait(barrier, parity, file, line)) {
  }
}

// A tensor map of four dimensions; extents and box in elements, strides in bytes.
inline CUresult encode(CUtensorMap& map, void* data, std::array<uint64_t, 4> extents, std::array<uint64_t, 3> strides,
                       std::array<uint32_t, 4> box, CUtensorMapSwizzle swizzle,
                       CUtensorMapDataType type = CU_TENSOR_MAP_DATA_TYPE_FLOAT32) {
  void* function = nullptr;
  EXPECT_OK(cudaGetDriverEntryPointByVersion("cuTensorMapEncodeTiled", &function, 12000, cudaEnableDefault));
  const uint32_t steps[] = {1, 1, 1, 1};
  return reinterpret_cast<decltype(&cuTensorMapEncodeTiled)>(function)(
      &map, type, 4, data, extents.data(), strides.data(), box.data(), steps, CU_TENSOR_MAP_INTERLEAVE_NONE, swizzle,
      CU_TENSOR_MAP_L2_PROMOTION_NONE, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
}

// One in im2col mode of floats, channels x width x height x samples: `channels` of each of `pixels` pixels.
inline CUresult encode_im2col(CUtensorMap& map, void* data, std::array<uint64_t, 4> extents,
                              std::array<uint64_t, 3> strides, std::array<int, 2> lower, std::array<int, 2> upper,
                              uint32_t channels, uint32_t pixels, std::array<uint32_t, 4> steps) {
  void* function = nullptr;
  EXPECT_OK(cudaGetDriverEntryPointByVersion("cuTensorMapEncodeIm2col", &function, 12000, cudaEnableDefault));
  return reinterpret_cast<decltype(&cuTensorMapEncodeIm2col)>(function)(
      &map, CU_TENSOR_MAP_DATA_TYPE_FLOAT32, 4, data, extents.data(), strides.data(), lower.data(), upper.data(),
      channels, pixels, steps.data(), CU_TENSOR_MAP_INTERLEAVE_NONE, CU_TENSOR_MAP_SWIZZLE_NONE,
      CU_TENSOR_MAP_L2_PROMOTION_NONE, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
}

template <class Kernel>
void allow_shared(Kernel* kernel, size_t bytes) {
  EXPECT_OK(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(bytes)));
}

}  // namespace test
