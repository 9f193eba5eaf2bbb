// For the tests of tensor copies, mbarriers and wgmma.
#pragma once

#include <cuda.h>

#include <array>
#include <utility>

#include "faults.hpp"

namespace test {

using azj::cuda::dynamic_shared;

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

template <class Kernel>
void allow_shared(Kernel* kernel, size_t bytes) {
  EXPECT_OK(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(bytes)));
}

}  // namespace test
