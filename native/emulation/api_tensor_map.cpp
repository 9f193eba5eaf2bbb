// Tensor maps, and the way from the run time to the functions of the driver that make them. What is refused is what the
// CUDA driver API's documentation of these functions forbids.
#include <cstring>

#include "runtime.hpp"
#include "tensor_map.hpp"

using namespace azj::emulation;

namespace {

constexpr uint64_t kMaxExtent = uint64_t{1} << 32, kMaxStride = uint64_t{1} << 40;
constexpr uint32_t kMaxBox = 256, kMaxPixels = 1024, kMaxStep = 8;
constexpr int kLowestCorner = -128, kHighestCorner = 127;
constexpr cuuint32_t kIm2colRank = 4;

struct Tensor {
  CUtensorMapDataType type;
  cuuint32_t rank;
  void* address;
  const cuuint64_t* extents;
  const cuuint64_t* strides;
  CUtensorMapSwizzle swizzle;

  uint64_t element() const {
    if (type == CU_TENSOR_MAP_DATA_TYPE_BFLOAT16) return 2;
    return type == CU_TENSOR_MAP_DATA_TYPE_FLOAT32 || type == CU_TENSOR_MAP_DATA_TYPE_TFLOAT32 ? 4 : 0;
  }
};

const char* why_wrong(const Tensor& t) {
  if (t.rank < 1 || t.rank > kMaxTensorRank) return "a tensor has 1 to 5 dimensions";
  if (t.element() == 0) return "FLOAT32, TFLOAT32 and BFLOAT16 are emulated";
  const bool swizzle = t.swizzle >= CU_TENSOR_MAP_SWIZZLE_NONE && t.swizzle <= CU_TENSOR_MAP_SWIZZLE_128B;
  if (!swizzle) return "there is no such swizzle";
  if (t.address == nullptr || reinterpret_cast<uintptr_t>(t.address) % 16 != 0) return "the address is not on 16 bytes";
  for (cuuint32_t i = 0; i < t.rank; ++i) {
    if (t.extents[i] < 1 || t.extents[i] > kMaxExtent) return "an extent is not 1 to 2^32";
    if (i == 0) continue;
    const uint64_t stride = t.strides[i - 1];
    if (stride % 16 != 0 || stride >= kMaxStride) return "a stride is not a multiple of 16 below 2^40";
    const uint64_t inner = i == 1 ? t.extents[0] * t.element() : t.strides[i - 2];
    const bool holds = stride >= inner && (i == 1 || stride % inner == 0);
    if (!holds) return "a stride does not hold the one before";
  }
  return nullptr;
}

const char* why_wrong_row(const Tensor& t, uint64_t elements) {
  const uint64_t bytes = elements * t.element();
  if (elements < 1 || elements > kMaxBox) return "an extent of the box is not 1 to 256";
  if (bytes % 16 != 0) return "a row of the box is not a multiple of 16 bytes";
  if (t.swizzle == CU_TENSOR_MAP_SWIZZLE_NONE) return nullptr;
  return bytes > (16u << t.swizzle) ? "a row of the box is wider than the swizzle" : nullptr;
}

TensorMap describe(const Tensor& t) {
  TensorMap content{};
  content.mark = kTensorMapMark;
  content.address = reinterpret_cast<uintptr_t>(t.address);
  content.strides[0] = t.element();
  for (cuuint32_t i = 0; i < kMaxTensorRank; ++i) {
    content.box[i] = 1;
    if (i >= t.rank) continue;
    if (i > 0) content.strides[i] = t.strides[i - 1];
    content.last[i] = static_cast<uint32_t>(t.extents[i] - 1);
  }
  content.rank = static_cast<uint8_t>(t.rank);
  content.type = static_cast<uint8_t>(t.type);
  content.swizzle = static_cast<uint8_t>(t.swizzle);
  return content;
}

// What both functions do around what is their own: body() completes the contents, or says why it cannot.
template <class Body>
CUresult encode(const char* function, CUtensorMap* map, const Tensor& tensor, Body&& body) {
  const cudaError_t last = last_error();
  const cudaError_t error = api_call(function, [&](Runtime& runtime) -> cudaError_t {
    Device* device = nullptr;
    if (cudaError_t lost = runtime.current_device(device)) return lost;
    const char* why = reinterpret_cast<uintptr_t>(map) % 64 != 0 ? "the map is not on 64 bytes" : why_wrong(tensor);
    TensorMap content{};
    if (why == nullptr) {
      content = describe(tensor);
      why = body(content);
    }
    if (why != nullptr) return runtime.refuse(cudaErrorInvalidValue, "%s: %s", function, why);
    std::memset(map, 0, sizeof *map);
    std::memcpy(map, &content, sizeof content);
    return cudaSuccess;
  });
  last_error() = last;  // the run time does not know what the driver was asked
  return static_cast<CUresult>(error);
}

bool is_corner(int offset) { return offset >= kLowestCorner && offset <= kHighestCorner; }

}  // namespace

CUresult cuTensorMapEncodeTiled(CUtensorMap* map, CUtensorMapDataType type, cuuint32_t rank, void* address,
                                const cuuint64_t* extents, const cuuint64_t* strides, const cuuint32_t* box,
                                const cuuint32_t* element_strides, CUtensorMapInterleave, CUtensorMapSwizzle swizzle,
                                CUtensorMapL2promotion, CUtensorMapFloatOOBfill) {
  const Tensor tensor{type, rank, address, extents, strides, swizzle};
  return encode(__func__, map, tensor, [&](TensorMap& content) -> const char* {
    for (cuuint32_t i = 0; i < rank; ++i) {
      if (box[i] < 1 || box[i] > kMaxBox) return "an extent of the box is not 1 to 256";
      if (element_strides[i] != 1) return "element strides other than 1 are not emulated";
      content.box[i] = static_cast<uint16_t>(box[i]);
    }
    return why_wrong_row(tensor, box[0]);
  });
}

CUresult cuTensorMapEncodeIm2col(CUtensorMap* map, CUtensorMapDataType type, cuuint32_t rank, void* address,
                                 const cuuint64_t* extents, const cuuint64_t* strides, const int* lower,
                                 const int* upper, cuuint32_t channels, cuuint32_t pixels,
                                 const cuuint32_t* element_strides, CUtensorMapInterleave, CUtensorMapSwizzle swizzle,
                                 CUtensorMapL2promotion, CUtensorMapFloatOOBfill) {
  const Tensor tensor{type, rank, address, extents, strides, swizzle};
  return encode(__func__, map, tensor, [&](TensorMap& content) -> const char* {
    if (rank != kIm2colRank) return "im2col of 4 dimensions is emulated";
    if (pixels < 1 || pixels > kMaxPixels) return "a column does not have 1 to 1024 pixels";
    for (int i = 0; i < 2; ++i) {
      if (!is_corner(lower[i]) || !is_corner(upper[i])) return "an offset of a corner is not -128 to 127";
      if (static_cast<int64_t>(extents[i + 1]) + upper[i] - lower[i] < 1) return "the box of pixels is empty";
      if (element_strides[i + 1] < 1 || element_strides[i + 1] > kMaxStep) return "a step is not 1 to 8";
      content.lower[i] = static_cast<int8_t>(lower[i]);
      content.upper[i] = static_cast<int8_t>(upper[i]);
      content.step[i] = static_cast<uint8_t>(element_strides[i + 1]);
    }
    if (element_strides[3] != 1) return "a step over samples is not emulated";
    content.im2col = true;
    content.box[0] = static_cast<uint16_t>(channels);
    content.box[1] = static_cast<uint16_t>(pixels);
    return why_wrong_row(tensor, channels);
  });
}

cudaError_t cudaGetDriverEntryPointByVersion(const char* symbol, void** function, unsigned int version,
                                             unsigned long long flags, cudaDriverEntryPointQueryResult* result) {
  return api_call(__func__, [&](Runtime&) -> cudaError_t {
    if (symbol == nullptr || function == nullptr || flags != cudaEnableDefault) return cudaErrorInvalidValue;
    void* known = nullptr;
    if (std::strcmp(symbol, "cuTensorMapEncodeTiled") == 0) known = reinterpret_cast<void*>(&cuTensorMapEncodeTiled);
    if (std::strcmp(symbol, "cuTensorMapEncodeIm2col") == 0) known = reinterpret_cast<void*>(&cuTensorMapEncodeIm2col);
    const bool old = version < 12000;
    *function = old ? nullptr : known;
    if (result != nullptr) {
      *result = known == nullptr ? cudaDriverEntryPointSymbolNotFound
                : old            ? cudaDriverEntryPointVersionNotSufficent
                                 : cudaDriverEntryPointSuccess;
    }
    return cudaSuccess;
  });
}
