// What an emulated tensor map says, and how rows of 16-byte chunks are swizzled over the banks of shared memory.
#pragma once

#include <cstdint>

#include "cuda.h"

namespace azj::emulation {

constexpr int kMaxTensorRank = 5;

// The contents of a CUtensorMap.
struct TensorMap {
  uint64_t mark;  // kTensorMapMark: it was made by cuTensorMapEncodeTiled
  uint64_t address;
  uint64_t strides[kMaxTensorRank];  // bytes; [0] is the element's size
  uint32_t last[kMaxTensorRank];     // extent - 1
  uint16_t box[kMaxTensorRank];      // elements; im2col: channels and pixels
  uint8_t rank, type, swizzle;
  bool im2col;
  // im2col: of the box that pixels are taken from, its distance from the tensor's borders, and the steps; width first.
  int8_t lower[2], upper[2];
  uint8_t step[2];
};
static_assert(sizeof(TensorMap) <= sizeof(CUtensorMap), "a tensor map has 128 bytes");
constexpr uint64_t kTensorMapMark = 0x70616d2d6a7a61;

// What the copy engine reads or writes of global memory begins on so many bytes. PTX ISA, "Tensors", "Bounding Box".
constexpr int64_t kGlobalGranule = 16;

inline bool begins_on_granule(const TensorMap& map, int32_t x) {
  return x * static_cast<int64_t>(map.strides[0]) % kGlobalGranule == 0;
}

// Where the byte at an address of shared memory lies: the number of its 16-byte chunk in a line of 128, 64 or 32 bytes
// is combined by exclusive or with the number of the 128 bytes, of as many bits. CuTe's Swizzle<3 | 2 | 1, 4, 3>.
inline uintptr_t swizzled(uintptr_t address, int bits) {
  return address ^ ((address >> 7 & ((1u << bits) - 1)) << 4);
}

}  // namespace azj::emulation
