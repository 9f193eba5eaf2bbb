// Tensor copies: which bytes the copy engine brings, and where they lie. Swizzles are written down here a second time, as
// the PTX ISA's figures show them.
#include "hopper.hpp"

#include <limits>

using namespace test;
using namespace azj::cuda;

namespace {

// ---- boxes

// Copies one box and gives back the shared memory that it lies in, by bytes.
__global__ void load_box(const __grid_constant__ CUtensorMap map, int bytes, int x, int y, int z, int w,
                         unsigned char* out) {
  __shared__ __align__(8) uint64_t arrived;
  unsigned char* box = swizzled_shared();
  if (threadIdx.x == 0) {
    mbarrier_init(&arrived, 1);
    fence_proxy_async();
  }
  __syncthreads();
  if (threadIdx.x == 0) {
    mbarrier_arrive_expect_tx(&arrived, bytes);
    tensor_load_4d(box, &map, x, y, z, w, &arrived);
  }
  wait_for(&arrived, 0);
  for (int i = threadIdx.x; i < bytes; i += blockDim.x) out[i] = box[i];
}

// The 16-byte chunk of a line where chunk `chunk` of row `row` goes: figures of "Swizzling Modes".
int chunk_in_line(CUtensorMapSwizzle swizzle, int row, int chunk) {
  switch (swizzle) {
    case CU_TENSOR_MAP_SWIZZLE_128B: return chunk ^ row % 8;
    case CU_TENSOR_MAP_SWIZZLE_64B: return chunk ^ row / 2 % 4;
    case CU_TENSOR_MAP_SWIZZLE_32B: return chunk ^ row / 4 % 2;
    default: return chunk;
  }
}

void check_box(CUtensorMapSwizzle swizzle, int words, int rows, int x, int y) {
  constexpr int kX = 40, kY = 50, kPitch = 44;
  std::vector<float> values(kPitch * kY);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i + 1);
  Array<float> in(values);
  CUtensorMap map;
  EXPECT(encode(map, in.get(), {kX, kY, 1, 1}, {kPitch * 4, kPitch * 4 * kY, kPitch * 4 * kY},
                {static_cast<uint32_t>(words), static_cast<uint32_t>(rows), 1, 1}, swizzle) == CUDA_SUCCESS);
  const int bytes = words * rows * 4;
  Array<unsigned char> out(static_cast<size_t>(bytes));
  EXPECT_OK(run(load_box, 1, 32, kSwizzleRoom + static_cast<size_t>(bytes), map, bytes, x, y, 0, 0, out.get()));
  const auto actual = out.read();
  int wrong = 0;
  for (int row = 0; row < rows; ++row) {
    for (int word = 0; word < words; ++word) {
      const int at = (row * words + chunk_in_line(swizzle, row, word / 4) * 4 + word % 4) * 4;
      float value;
      std::memcpy(&value, actual.data() + at, sizeof value);
      const int from_x = x + word, from_y = y + row;
      const bool inside = from_x >= 0 && from_x < kX && from_y >= 0 && from_y < kY;
      wrong += value != (inside ? values[static_cast<size_t>(from_y * kPitch + from_x)] : 0.0f);
    }
  }
  EXPECT(wrong == 0);
}

TEST(boxes_of_every_swizzle_inside_and_across_the_borders) {
  for (const auto& [swizzle, words] : {std::pair{CU_TENSOR_MAP_SWIZZLE_NONE, 12}, {CU_TENSOR_MAP_SWIZZLE_32B, 8},
                                       {CU_TENSOR_MAP_SWIZZLE_64B, 16}, {CU_TENSOR_MAP_SWIZZLE_128B, 32}}) {
    check_box(swizzle, words, 16, 0, 0);
    check_box(swizzle, words, 24, 28, 45);
    check_box(swizzle, words, 8, -4, -5);
    check_box(swizzle, words, 8, 1000, 0);
  }
}

TEST(boxes_begin_on_16_bytes) {
  Array<float> in(64);
  CUtensorMap map;
  EXPECT(encode(map, in.get(), {16, 4, 1, 1}, {64, 256, 256}, {8, 1, 1, 1}, CU_TENSOR_MAP_SWIZZLE_NONE) ==
         CUDA_SUCCESS);
  for (const int x : {-3, 1, 2, 7}) {
    Array<unsigned char> out(32);
    expect_fault(cudaErrorIllegalInstruction, {"of the innermost dimension, which is not on 16 bytes"}, load_box, 1, 32,
                 kSwizzleRoom + 32, map, 32, x, 0, 0, 0, out.get());
  }
}

// Ties to even; what has only ones in its exponent stays.
TEST(copies_of_tf32_round) {
  const float infinity = std::numeric_limits<float>::infinity();
  std::vector<float> values(32, 1.0f + 0x1p-11f);
  std::vector<float> rounded(32, 1.0f);
  values[1] = 1.0f + 0x1p-11f + 0x1p-23f;
  values[2] = -1.0f - 3 * 0x1p-11f;
  values[3] = 2.0f - 0x1p-23f;
  values[4] = infinity;
  rounded[1] = 1.0f + 0x1p-10f;
  rounded[2] = -1.0f - 0x1p-9f;
  rounded[3] = 2.0f;
  rounded[4] = infinity;
  Array<float> in(values);
  CUtensorMap map;
  EXPECT(encode(map, in.get(), {32, 1, 1, 1}, {128, 128, 128}, {32, 1, 1, 1}, CU_TENSOR_MAP_SWIZZLE_NONE,
                CU_TENSOR_MAP_DATA_TYPE_TFLOAT32) == CUDA_SUCCESS);
  Array<unsigned char> out(128);
  EXPECT_OK(run(load_box, 1, 32, kSwizzleRoom + 128, map, 128, 0, 0, 0, 0, out.get()));
  const auto actual = out.read();
  EXPECT(std::memcmp(actual.data(), rounded.data(), 128) == 0);
}

TEST(the_outer_dimensions) {
  std::vector<float> values(4 * 2 * 3 * 2);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  Array<float> in(values);
  CUtensorMap map;
  EXPECT(encode(map, in.get(), {4, 2, 3, 2}, {16, 32, 96}, {4, 2, 1, 1}, CU_TENSOR_MAP_SWIZZLE_NONE) == CUDA_SUCCESS);
  Array<unsigned char> out(32);
  EXPECT_OK(run(load_box, 1, 32, kSwizzleRoom + 32, map, 32, 0, 0, 2, 1, out.get()));
  float value;
  std::memcpy(&value, out.read().data() + 20, sizeof value);
  EXPECT_CLOSE(value, 24 + 2 * 8 + 5, 0);
  EXPECT_OK(run(load_box, 1, 32, kSwizzleRoom + 32, map, 32, 0, 0, 3, 1, out.get()));
  for (unsigned char byte : out.read()) EXPECT(byte == 0);
}

// ---- im2col

__global__ void load_pixels(const __grid_constant__ CUtensorMap map, int bytes, int w, int h, int sample, int tap_w,
                            int tap_h, float* out) {
  __shared__ __align__(8) uint64_t arrived;
  float* box = dynamic_shared<float>();
  if (threadIdx.x == 0) {
    mbarrier_init(&arrived, 1);
    fence_proxy_async();
  }
  __syncthreads();
  if (threadIdx.x == 0) {
    mbarrier_arrive_expect_tx(&arrived, bytes);
    tensor_load_im2col(box, &map, 0, w, h, sample, static_cast<uint16_t>(tap_w), static_cast<uint16_t>(tap_h), &arrived);
  }
  wait_for(&arrived, 0);
  for (int i = threadIdx.x; i < bytes / 4; i += blockDim.x) out[i] = box[i];
}

TEST(pixels_of_a_convolution) {
  // 3 samples of 6 x 5 pixels, 3 of 4 channels; a kernel of 3 x 2, stride 2 and 1, padding 1.
  constexpr int kSamples = 3, kHeight = 6, kWidth = 5, kChannels = 3, kPitch = 4, kPixels = 40;
  constexpr int kTapsH = 3, kTapsW = 2, kStepH = 2, kStepW = 1, kPad = 1;
  constexpr int kOutH = (kHeight + 2 * kPad - kTapsH) / kStepH + 1, kOutW = (kWidth + 2 * kPad - kTapsW) / kStepW + 1;
  std::vector<float> values(kSamples * kHeight * kWidth * kPitch);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i + 1);
  Array<float> in(values);
  CUtensorMap map;
  const auto encode_pixels = [&](std::array<int, 2> lower, std::array<int, 2> upper, std::array<uint32_t, 4> steps) {
    return encode_im2col(map, in.get(), {kChannels, kWidth, kHeight, kSamples},
                         {kPitch * 4, kPitch * 4 * kWidth, kPitch * 4 * kWidth * kHeight}, lower, upper, 4, kPixels,
                         steps);
  };
  EXPECT(encode_pixels({-kPad, -kPad}, {kPad - kTapsW + 1, kPad - kTapsH + 1}, {1, kStepW, kStepH, 1}) == CUDA_SUCCESS);
  constexpr int kFirst = 4;  // pixel of the output where the copy begins
  for (int tap = 0; tap < kTapsH * kTapsW; ++tap) {
    const int r = tap / kTapsW, s = tap % kTapsW;
    Array<float> out(kPixels * 4);
    EXPECT_OK(run(load_pixels, 1, 32, kPixels * 16, map, kPixels * 16, kFirst % kOutW * kStepW - kPad,
                  kFirst / kOutW % kOutH * kStepH - kPad, 0, s, r, out.get()));
    const auto actual = out.read();
    for (int i = 0; i < kPixels; ++i) {
      const int pixel = kFirst + i, sample = pixel / (kOutH * kOutW);
      const int h = pixel / kOutW % kOutH * kStepH - kPad + r, w = pixel % kOutW * kStepW - kPad + s;
      const bool inside = sample < kSamples && h >= 0 && h < kHeight && w >= 0 && w < kWidth;
      for (int c = 0; c < 4; ++c) {
        const int from = ((sample * kHeight + h) * kWidth + w) * kPitch + c;
        EXPECT_CLOSE(actual[i * 4 + c], inside && c < kChannels ? values[static_cast<size_t>(from)] : 0, 0);
      }
    }
  }
  Array<float> out(kPixels * 4);
  EXPECT_ERROR(run(load_pixels, 1, 32, kPixels * 16, map, kPixels * 16, 0, 0, 0, 0, 0, out.get()),
               cudaErrorIllegalInstruction);  // row 0 is not met in steps of 2 from -1
  EXPECT_FAULT_SAYS("no pixel of the box -1 to 4 in steps of 2");
  azj_emulation_reset();
  EXPECT(encode_pixels({-129, 0}, {0, 0}, {1, 1, 1, 1}) == CUDA_ERROR_INVALID_VALUE);
  EXPECT(encode_pixels({0, 0}, {-5, 0}, {1, 1, 1, 1}) == CUDA_ERROR_INVALID_VALUE);
  EXPECT(encode_pixels({0, 0}, {0, 0}, {1, 9, 1, 1}) == CUDA_ERROR_INVALID_VALUE);
}

TEST(tensor_maps_that_are_wrong) {
  Array<float> in(4096);
  CUtensorMap map;
  const auto none = CU_TENSOR_MAP_SWIZZLE_NONE;
  const auto wrong = [&](const char* why, CUresult result) {
    EXPECT(result == CUDA_ERROR_INVALID_VALUE);
    EXPECT_FAULT_SAYS(why);
  };
  wrong("16 bytes", encode(map, in.get() + 1, {4, 4, 1, 1}, {16, 64, 64}, {4, 1, 1, 1}, none));
  wrong("multiple of 16", encode(map, in.get(), {3, 4, 1, 1}, {12, 48, 48}, {4, 1, 1, 1}, none));
  wrong("hold the one before", encode(map, in.get(), {8, 4, 1, 1}, {16, 64, 64}, {4, 1, 1, 1}, none));
  wrong("extent is not", encode(map, in.get(), {8, 0, 1, 1}, {32, 64, 64}, {4, 1, 1, 1}, none));
  wrong("1 to 256", encode(map, in.get(), {8, 4, 1, 1}, {32, 128, 128}, {4, 257, 1, 1}, none));
  wrong("row of the box is not", encode(map, in.get(), {8, 4, 1, 1}, {32, 128, 128}, {3, 1, 1, 1}, none));
  wrong("wider than the swizzle",
        encode(map, in.get(), {64, 4, 1, 1}, {256, 1024, 1024}, {64, 1, 1, 1}, CU_TENSOR_MAP_SWIZZLE_128B));
  EXPECT(cudaGetLastError() == cudaSuccess);  // the driver's error is not the run time's
  void* function = &map;
  cudaDriverEntryPointQueryResult result = cudaDriverEntryPointSuccess;
  EXPECT_OK(cudaGetDriverEntryPointByVersion("cuNothing", &function, 12000, cudaEnableDefault, &result));
  EXPECT(function == nullptr && result == cudaDriverEntryPointSymbolNotFound);
  EXPECT_OK(cudaGetDriverEntryPointByVersion("cuTensorMapEncodeTiled", &function, 11080, cudaEnableDefault, &result));
  EXPECT(function == nullptr && result == cudaDriverEntryPointVersionNotSufficent);
}

}  // namespace
