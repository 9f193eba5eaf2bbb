// Tensor maps, and the way from the run time to the one function of the driver that makes them. What is refused is what
// the CUDA driver API's documentation of cuTensorMapEncodeTiled forbids.
#include <cstring>

#include "runtime.hpp"
#include "tensor_map.hpp"

using namespace azj::emulation;

namespace {

constexpr uint64_t kMaxExtent = uint64_t{1} << 32, kMaxStride = uint64_t{1} << 40;
constexpr uint32_t kMaxBox = 256;

const char* why_wrong(cuuint32_t rank, uint64_t address, const cuuint64_t* extents, const cuuint64_t* strides,
                      const cuuint32_t* box, const cuuint32_t* element_strides, CUtensorMapSwizzle swizzle,
                      uint64_t element) {
  if (rank < 1 || rank > kMaxTensorRank) return "a tensor has 1 to 5 dimensions";
  if (element == 0) return "FLOAT32, TFLOAT32 and BFLOAT16 are emulated";
  if (swizzle < CU_TENSOR_MAP_SWIZZLE_NONE || swizzle > CU_TENSOR_MAP_SWIZZLE_128B) return "there is no such swizzle";
  if (address == 0 || address % 16 != 0) return "the address is not on 16 bytes";
  for (cuuint32_t i = 0; i < rank; ++i) {
    if (extents[i] < 1 || extents[i] > kMaxExtent) return "an extent is not 1 to 2^32";
    if (box[i] < 1 || box[i] > kMaxBox) return "an extent of the box is not 1 to 256";
    if (element_strides[i] != 1) return "element strides other than 1 are not emulated";
    if (i == 0) continue;
    if (strides[i - 1] % 16 != 0 || strides[i - 1] >= kMaxStride) return "a stride is not a multiple of 16 below 2^40";
    const uint64_t inner = i == 1 ? extents[0] * element : strides[i - 2];
    const bool holds = strides[i - 1] >= inner && (i == 1 || strides[i - 1] % inner == 0);
    if (!holds) return "a stride does not hold the one before";
  }
  const uint64_t row = box[0] * element;
  if (row % 16 != 0) return "a row of the box is not a multiple of 16 bytes";
  if (swizzle == CU_TENSOR_MAP_SWIZZLE_NONE) return nullptr;
  if (row > (16u << swizzle)) return "a row of the box is wider than the swizzle";
  return nullptr;
}

}  // namespace

CUresult cuTensorMapEncodeTiled(CUtensorMap* map, CUtensorMapDataType type, cuuint32_t rank, void* address,
                                const cuuint64_t* extents, const cuuint64_t* strides, const cuuint32_t* box,
                                const cuuint32_t* element_strides, CUtensorMapInterleave, CUtensorMapSwizzle swizzle,
                                CUtensorMapL2promotion, CUtensorMapFloatOOBfill) {
  const cudaError_t last = last_error();
  const cudaError_t error = api_call(__func__, [&](Runtime& runtime) -> cudaError_t {
    Device* device = nullptr;
    if (cudaError_t lost = runtime.current_device(device)) return lost;
    const bool words = type == CU_TENSOR_MAP_DATA_TYPE_FLOAT32 || type == CU_TENSOR_MAP_DATA_TYPE_TFLOAT32;
    const uint64_t element = words ? 4 : type == CU_TENSOR_MAP_DATA_TYPE_BFLOAT16 ? 2 : 0;
    const uint64_t begin = reinterpret_cast<uintptr_t>(address);
    if (reinterpret_cast<uintptr_t>(map) % 64 != 0) {
      return runtime.refuse(cudaErrorInvalidValue, "cuTensorMapEncodeTiled: the map is not on 64 bytes");
    }
    if (const char* why = why_wrong(rank, begin, extents, strides, box, element_strides, swizzle, element)) {
      return runtime.refuse(cudaErrorInvalidValue, "cuTensorMapEncodeTiled: %s", why);
    }
    TensorMap content{};
    content.mark = kTensorMapMark;
    content.address = begin;
    content.strides[0] = element;
    for (cuuint32_t i = 0; i < rank; ++i) {
      if (i > 0) content.strides[i] = strides[i - 1];
      content.last[i] = static_cast<uint32_t>(extents[i] - 1);
      content.box[i] = static_cast<uint16_t>(box[i]);
    }
    for (int i = static_cast<int>(rank); i < kMaxTensorRank; ++i) content.box[i] = 1;
    content.rank = static_cast<uint8_t>(rank);
    content.type = static_cast<uint8_t>(type);
    content.swizzle = static_cast<uint8_t>(swizzle);
    std::memset(map, 0, sizeof *map);
    std::memcpy(map, &content, sizeof content);
    return cudaSuccess;
  });
  last_error() = last;  // the run time does not know what the driver was asked
  return static_cast<CUresult>(error);
}

cudaError_t cudaGetDriverEntryPointByVersion(const char* symbol, void** function, unsigned int version,
                                             unsigned long long flags, cudaDriverEntryPointQueryResult* result) {
  return api_call(__func__, [&](Runtime&) -> cudaError_t {
    if (symbol == nullptr || function == nullptr || flags != cudaEnableDefault) return cudaErrorInvalidValue;
    const bool known = std::strcmp(symbol, "cuTensorMapEncodeTiled") == 0, old = version < 12000;
    *function = known && !old ? reinterpret_cast<void*>(&cuTensorMapEncodeTiled) : nullptr;
    if (result != nullptr) {
      *result = !known ? cudaDriverEntryPointSymbolNotFound
                : old  ? cudaDriverEntryPointVersionNotSufficent
                       : cudaDriverEntryPointSuccess;
    }
    return cudaSuccess;
  });
}
