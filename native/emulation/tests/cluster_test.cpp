// Blocks of a cluster: copies to both, arrivals at each other's mbarriers, and what goes wrong with them. Launches that
// may begin early.
#include "hopper.hpp"

using namespace test;
using namespace azj::cuda;

namespace {

constexpr int kRows = 32, kBoxBytes = kRows * 128;  // 32 words a row

enum class Exchange {
  RIGHT,
  NO_BARRIER_BEFORE,
  NO_BARRIER_AFTER,
  NOT_RELEASED,
  ONE_RELEASES,
  BARRIER_MISSED,
  NO_SUCH_BLOCK,
  FAULT_IN_ONE
};

// Each of two blocks copies its half of every box to both, and sums up what it sees. A stage is free when the consumers
// of both have seen it.
__global__ void exchange(const __grid_constant__ CUtensorMap map, int boxes, Exchange kind, float* sums) {
  __shared__ __align__(8) uint64_t full[2];
  __shared__ __align__(8) uint64_t empty[2];
  unsigned char* stages = dynamic_shared<unsigned char>();
  const int rank = static_cast<int>(cluster_rank());
  wait_for_grid_before();
  if (threadIdx.x == 0) {
    for (int i = 0; i < 2; ++i) {
      mbarrier_init(&full[i], 1);
      mbarrier_init(&empty[i], 2);
    }
    fence_mbarrier_init();
  }
  if (kind == Exchange::NO_BARRIER_BEFORE) {
    __syncthreads();
  } else if (kind != Exchange::BARRIER_MISSED || threadIdx.x != 5 || rank != 1) {
    cluster_barrier();
  }
  if (kind == Exchange::FAULT_IN_ONE && rank == 1 && threadIdx.x == 0) __trap();
  if (threadIdx.x < 32) {
    if (threadIdx.x == 0) {
      for (int box = 0; box < boxes; ++box) {
        while (!mbarrier_try_wait(&empty[box % 2], (box / 2 & 1) ^ 1)) {
        }
        mbarrier_arrive_expect_tx(&full[box % 2], kBoxBytes);
        tensor_load_4d_multicast(stages + box % 2 * kBoxBytes + rank * kBoxBytes / 2, &map, 0,
                                 box * kRows + rank * kRows / 2, 0, 0, &full[box % 2],
                                 kind == Exchange::NO_SUCH_BLOCK ? 7 : 3);
      }
    }
  } else {
    float sum = 0;
    for (int box = 0; box < boxes; ++box) {
      while (!mbarrier_try_wait(&full[box % 2], box / 2 & 1)) {
      }
      const float* words = reinterpret_cast<const float*>(stages + box % 2 * kBoxBytes);
      for (int row = 0; row < kRows; ++row) sum += words[row * 32 + threadIdx.x % 32];
      __syncwarp();
      const bool releases = kind != Exchange::NOT_RELEASED && (kind != Exchange::ONE_RELEASES || rank == 0);
      if (threadIdx.x < 34 && releases) mbarrier_arrive_remote(&empty[box % 2], threadIdx.x - 32);
    }
    sums[blockIdx.x * 32 + threadIdx.x % 32] = sum;
  }
  if (kind != Exchange::NO_BARRIER_AFTER) cluster_barrier();
}

constexpr int kBoxes = 7, kClusters = 3;

template <class... P, class... A>
cudaError_t run_clusters(void (*kernel)(P...), dim3 grid, unsigned cluster, dim3 block, size_t shared, A... args) {
  try {
    launch_early(kernel, grid, cluster, block, shared, nullptr, args...);
  } catch (const azj::cuda::Refused& refused) {
    return refused.error;
  }
  return cudaDeviceSynchronize();
}

struct Tensor {
  std::vector<float> values;
  Array<float> data;
  CUtensorMap map;
  Tensor() : values(numbers()), data(values) {
    constexpr uint64_t kBytes = 128 * kBoxes * kRows;
    EXPECT(encode(map, data.get(), {32, kBoxes * kRows, 1, 1}, {128, kBytes, kBytes}, {32, kRows / 2, 1, 1},
                  CU_TENSOR_MAP_SWIZZLE_NONE) == CUDA_SUCCESS);
  }
  static std::vector<float> numbers() {
    std::vector<float> numbers(32 * kBoxes * kRows);
    for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<float>(i % 1009);
    return numbers;
  }
};

TEST(clusters_share_their_copies) {
  Tensor tensor;
  Array<float> sums(2 * kClusters * 32);
  EXPECT_OK(run_clusters(exchange, 2 * kClusters, 2, 64, 2 * kBoxBytes, tensor.map, kBoxes, Exchange::RIGHT,
                         sums.get()));
  const auto actual = sums.read();
  int wrong = 0;
  for (size_t i = 0; i < actual.size(); ++i) {
    double sum = 0;
    for (size_t row = 0; row < kBoxes * kRows; ++row) sum += static_cast<double>(tensor.values[row * 32 + i % 32]);
    wrong += static_cast<double>(actual[i]) != sum;
  }
  EXPECT(wrong == 0);
}

void expect_exchange_fault(Exchange kind, std::vector<const char*> parts) {
  Tensor tensor;
  Array<float> sums(2 * kClusters * 32);
  EXPECT_ERROR(run_clusters(exchange, 2 * kClusters, 2, 64, 2 * kBoxBytes, tensor.map, kBoxes, kind, sums.get()),
               cudaErrorLaunchFailure);
  for (const char* part : parts) EXPECT_FAULT_SAYS(part);
  azj_emulation_reset();
}

TEST(exchanges_that_are_wrong) {
  expect_exchange_fault(Exchange::NO_BARRIER_BEFORE, {"of the cluster, which may not have begun", "cluster_test.cpp"});
  expect_exchange_fault(Exchange::NO_BARRIER_AFTER, {"of the cluster, which has ended"});
  expect_exchange_fault(Exchange::NOT_RELEASED, {"deadlock", "2 of 2 arrivals", "kernel", "exchange"});
  expect_exchange_fault(Exchange::ONE_RELEASES, {"deadlock", "1 of 2 arrivals"});
  expect_exchange_fault(Exchange::BARRIER_MISSED, {"wait at a cluster barrier", "127 of the cluster's 128 threads"});
  expect_exchange_fault(Exchange::NO_SUCH_BLOCK, {"to block 2 of a cluster of 2"});
  expect_exchange_fault(Exchange::FAULT_IN_ONE, {"__trap()"});
  Tensor tensor;
  Array<float> sums(64);
  EXPECT_OK(run_clusters(exchange, 2, 2, 64, 2 * kBoxBytes, tensor.map, 1, Exchange::RIGHT, sums.get()));
}

// ---- im2col

constexpr int kPixels = 48, kWidth = 6, kHeight = 10;  // pixels that both blocks read; of the image

// Each of two blocks copies half of the pixels to both, from (column, row) of its own, and gives back all.
__global__ void share_pixels(const __grid_constant__ CUtensorMap map, int row_of_second, uint16_t blocks, float* out) {
  __shared__ __align__(8) uint64_t arrived;
  float* const box = dynamic_shared<float>();
  const int rank = static_cast<int>(cluster_rank());
  wait_for_grid_before();
  if (threadIdx.x == 0) {
    mbarrier_init(&arrived, 1);
    fence_mbarrier_init();
  }
  cluster_barrier();
  if (threadIdx.x == 0) {
    mbarrier_arrive_expect_tx(&arrived, kPixels * 16);
    tensor_load_im2col_multicast(box + rank * kPixels / 2 * 4, &map, 0, -1, rank == 0 ? 0 : row_of_second, 0, 2, 1,
                                 &arrived, blocks);
  }
  wait_for(&arrived, 0);
  for (int i = static_cast<int>(threadIdx.x); i < kPixels * 4; i += 32) out[blockIdx.x * kPixels * 4 + i] = box[i];
  cluster_barrier();
}

// Rows of 6 pixels from column -1 on, each read 2 to the right and 1 down.
struct Pixels {
  std::vector<float> values;
  Array<float> data;
  CUtensorMap map;
  Pixels() : values(numbers()), data(values) {
    EXPECT(encode_im2col(map, data.get(), {4, kWidth, kHeight, 1}, {16, 16 * kWidth, 16 * kWidth * kHeight}, {-1, 0},
                         {-1, -1}, 4, kPixels / 2, {1, 1, 1, 1}) == CUDA_SUCCESS);
  }
  static std::vector<float> numbers() {
    std::vector<float> numbers(4 * kWidth * kHeight);
    for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<float>(i + 1);
    return numbers;
  }
};

TEST(clusters_share_pixels) {
  Pixels pixels;
  Array<float> out(2 * 2 * kPixels * 4);
  EXPECT_OK(run_clusters(share_pixels, 4, 2, 32, kPixels * 16, pixels.map, kPixels / 2 / kWidth, uint16_t{3},
                         out.get()));
  const auto actual = out.read();
  int wrong = 0;
  for (int i = 0; i < 4 * kPixels * 4; ++i) {
    const int pixel = i / 4 % kPixels, row = pixel / kWidth + 1, column = pixel % kWidth + 1;
    const size_t from = static_cast<size_t>((row * kWidth + column) * 4 + i % 4);
    wrong += actual[static_cast<size_t>(i)] != (column < kWidth ? pixels.values[from] : 0.0f);
  }
  EXPECT(wrong == 0);
}

TEST(shared_pixels_that_are_wrong) {
  const auto wrong = [&](int row, uint16_t blocks, cudaError_t error, const char* what) {
    Pixels pixels;
    Array<float> out(2 * kPixels * 4);
    EXPECT_ERROR(run_clusters(share_pixels, 2, 2, 32, kPixels * 16, pixels.map, row, blocks, out.get()), error);
    EXPECT_FAULT_SAYS(what);
    EXPECT_FAULT_SAYS("cluster_test.cpp");
    azj_emulation_reset();
  };
  wrong(4, 7, cudaErrorLaunchFailure, "to block 2 of a cluster of 2");
  wrong(4, 1, cudaErrorLaunchFailure, "32 of the cluster's 64 threads");  // nobody brings the others their bytes
  wrong(kHeight - 1, 3, cudaErrorIllegalInstruction, "row 9, which is no pixel of the box 0 to 8");
}

__global__ void alone(unsigned* ranks) {
  __shared__ unsigned last;
  wait_for_grid_before();
  if (threadIdx.x == 63) last = cluster_rank();
  cluster_barrier();
  if (threadIdx.x == 0) ranks[blockIdx.x] = last;
}

TEST(a_launch_without_clusters_has_clusters_of_one) {
  Array<unsigned> ranks(2);
  EXPECT_OK(run(alone, 2, 64, 0, ranks.get()));
  for (unsigned rank : ranks.read()) EXPECT(rank == 0);
  Tensor tensor;
  Array<float> sums(64);
  expect_fault(cudaErrorLaunchFailure, {"to block 1 of its cluster: the launch has none"}, exchange, 1, 64,
               2 * kBoxBytes, tensor.map, kBoxes, Exchange::RIGHT, sums.get());
}

// ---- kernels that begin early

// All threads but one wait.
__global__ void early(unsigned without, unsigned* out) {
  begin_next_grid();
  if (threadIdx.x == without) return;
  wait_for_grid_before();
  out[blockIdx.x * 64 + threadIdx.x] = threadIdx.x;
}

TEST(a_kernel_that_begins_early_waits_in_every_thread) {
  Array<unsigned> out(128);
  EXPECT_OK(run_clusters(early, 2, 1, 64, 0, 64u, out.get()));
  const auto read = out.read();
  for (unsigned i = 0; i < 128; ++i) EXPECT(read[i] == i % 64);
  EXPECT_OK(run(early, 2, 64, 0, 5u, out.get()));  // launched behind the kernel before
  EXPECT_ERROR(run_clusters(early, 2, 1, 64, 0, 5u, out.get()), cudaErrorLaunchFailure);
  EXPECT_FAULT_SAYS("thread (5,0,0)");
  EXPECT_FAULT_SAYS("griddepcontrol.wait");
  azj_emulation_reset();
}

TEST(clusters_that_are_refused) {
  Array<unsigned> ranks(9);
  EXPECT_ERROR(run_clusters(alone, 3, 2, 64, 0, ranks.get()), cudaErrorInvalidClusterSize);
  EXPECT_ERROR(run_clusters(alone, 9, 9, 64, 0, ranks.get()), cudaErrorInvalidClusterSize);
  EXPECT_OK(run_clusters(alone, 8, 8, 64, 0, ranks.get()));
  const auto read = ranks.read();
  for (unsigned i = 0; i < 8; ++i) EXPECT(read[i] == i);
}

}  // namespace
