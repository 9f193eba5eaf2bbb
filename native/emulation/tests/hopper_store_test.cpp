// Tensor stores: which bytes the copy engine takes from shared memory and where it puts them, and how to get it wrong.
#include "hopper.hpp"

using namespace test;
using namespace azj::cuda;

namespace {

enum class Store {
  RIGHT,
  NO_FENCE,
  NOT_COMMITTED,
  NOT_WAITED_FOR,
  WRITTEN_TOO_EARLY,
  NOT_WRITTEN,
  MISALIGNED,
  OUTSIDE
};

constexpr int kRows = 16, kWords = 32, kBoxBytes = kRows * kWords * 4;
constexpr size_t kSharedBytes = kSwizzleRoom + 2 * kBoxBytes;

// Two boxes of 16 rows of 128 bytes, swizzled over as many, one after the other through two buffers or, kind
// WRITTEN_TOO_EARLY, through one.
__global__ void store_boxes(const __grid_constant__ CUtensorMap map, int x, int y, Store kind) {
  unsigned char* shared = swizzled_shared();
  for (int box = 0; box < 2; ++box) {
    unsigned char* const buffer = shared + (kind == Store::WRITTEN_TOO_EARLY ? 0 : box * kBoxBytes);
    for (int i = threadIdx.x; i < kRows * kWords && kind != Store::NOT_WRITTEN; i += 32) {
      const int row = i / kWords, word = i % kWords;
      const int chunk = word / 4 ^ row % 8;
      reinterpret_cast<float*>(buffer)[row * kWords + chunk * 4 + word % 4] = static_cast<float>(1000 * box + i);
    }
    if (kind != Store::NO_FENCE) fence_proxy_async();
    __syncwarp();
    if (threadIdx.x == 0) {
      const int shift = kind == Store::MISALIGNED ? 16 : kind == Store::OUTSIDE ? 2 * kBoxBytes : 0;
      tensor_store_4d(&map, x, y + box * kRows, 0, 0, buffer + shift);
      if (kind != Store::NOT_COMMITTED) bulk_commit();
    }
    __syncwarp();
  }
  if (kind != Store::NOT_WAITED_FOR && threadIdx.x == 0) bulk_wait_read<0>();
}

// A tensor of x words, up to 40, and 50 rows, which are 44 words apart.
struct Tensor {
  static constexpr int kX = 40, kY = 50, kPitch = 44;
  Array<float> data{std::vector<float>(kPitch * kY, -1.0f)};
  CUtensorMap map;
  explicit Tensor(CUtensorMapDataType type = CU_TENSOR_MAP_DATA_TYPE_FLOAT32, uint64_t x = kX) {
    EXPECT(encode(map, data.get(), {x, kY, 1, 1}, {kPitch * 4, kPitch * 4 * kY, kPitch * 4 * kY},
                  {kWords, kRows, 1, 1}, CU_TENSOR_MAP_SWIZZLE_128B, type) == CUDA_SUCCESS);
  }
};

// Of `words` words of a row as many are written as fill chunks of four.
void check_stores(int x, int y, int words = Tensor::kX) {
  Tensor tensor(CU_TENSOR_MAP_DATA_TYPE_FLOAT32, static_cast<uint64_t>(words));
  const int written = (words + 3) / 4 * 4;
  EXPECT_OK(run(store_boxes, 1, 32, kSharedBytes, tensor.map, x, y, Store::RIGHT));
  const auto actual = tensor.data.read();
  int wrong = 0;
  for (int i = 0; i < Tensor::kPitch * Tensor::kY; ++i) {
    const int word = i % Tensor::kPitch - x, row = i / Tensor::kPitch - y;
    const bool inside = word >= 0 && word < kWords && row >= 0 && row < 2 * kRows && i % Tensor::kPitch < written;
    const int box = row / kRows;
    wrong += actual[static_cast<size_t>(i)] != (inside ? 1000 * box + (row - box * kRows) * kWords + word : -1);
  }
  EXPECT(wrong == 0);
}

TEST(boxes_inside_and_across_the_borders) {
  check_stores(0, 0);
  check_stores(20, 30);
  check_stores(100, 0);
}

TEST(a_row_that_does_not_end_on_16_bytes_is_overrun) {
  check_stores(20, 0, 37);
  check_stores(0, 0, 3);
}

void expect_store_fault(cudaError_t error, Store kind, std::vector<const char*> parts, int x = 0, int y = 0) {
  Tensor tensor;
  expect_fault(error, parts, store_boxes, 1, 32, kSharedBytes, tensor.map, x, y, kind);
}

TEST(stores_that_are_wrong) {
  expect_store_fault(cudaErrorLaunchFailure, Store::NO_FENCE, {"without a fence.proxy.async", "hopper_store_test.cpp"});
  expect_store_fault(cudaErrorLaunchFailure, Store::NOT_COMMITTED, {"the thread returns while"});
  expect_store_fault(cudaErrorLaunchFailure, Store::NOT_WAITED_FOR, {"the thread returns while", "wait_group.read"});
  expect_store_fault(cudaErrorLaunchFailure, Store::WRITTEN_TOO_EARLY, {"was written before", "wait_group.read"});
  expect_store_fault(cudaErrorMisalignedAddress, Store::MISALIGNED, {"not aligned to 128 bytes"});
  expect_store_fault(cudaErrorInvalidAddressSpace, Store::OUTSIDE, {"not shared memory of this block"});
  expect_store_fault(cudaErrorIllegalInstruction, Store::RIGHT, {"element 6 of the innermost", "not on 16 bytes"}, 6);
  expect_store_fault(cudaErrorIllegalInstruction, Store::RIGHT, {"begins before the tensor does"}, -4);
  expect_store_fault(cudaErrorIllegalInstruction, Store::RIGHT, {"begins before the tensor does"}, 0, -1);
  Tensor rounding(CU_TENSOR_MAP_DATA_TYPE_TFLOAT32);
  expect_fault(cudaErrorIllegalInstruction, {"map of TFLOAT32", "hopper_store_test.cpp"}, store_boxes, 1, 32,
               kSharedBytes, rounding.map, 0, 0, Store::RIGHT);
#ifdef AZJ_EMULATION_CHECKED
  expect_store_fault(cudaErrorLaunchFailure, Store::NOT_WRITTEN, {"shared memory that was not written before"});
#endif
}

}  // namespace
