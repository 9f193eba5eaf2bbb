// Shuffles, votes and warp barriers, against their definition.
#include "harness.hpp"

using namespace test;

namespace {

template <class T>
__global__ void shuffles(T* out, int argument, int width) {
  T mine = static_cast<T>(threadIdx.x * 1000 + 7);
  T* row = out + threadIdx.x * 4;
  row[0] = __shfl_sync(0xffffffffu, mine, argument, width);
  row[1] = __shfl_up_sync(0xffffffffu, mine, argument, width);
  row[2] = __shfl_down_sync(0xffffffffu, mine, argument, width);
  row[3] = __shfl_xor_sync(0xffffffffu, mine, argument, width);
}

// The lanes CUDA C++ Programming Guide, "Warp Shuffle Functions", names.
int source(int kind, int lane, int argument, int width) {
  int first = lane / width * width;
  switch (kind) {
    case 0: return first + argument % width;
    case 1: return lane - argument >= first ? lane - argument : lane;
    case 2: return lane + argument < first + width ? lane + argument : lane;
    default: return (lane ^ argument) < first + width ? lane ^ argument : lane;
  }
}

template <class T>
void check_shuffles() {
  Array<T> out(64 * 4);
  for (int width : {2, 4, 8, 16, 32}) {
    for (int argument = 0; argument < 32; ++argument) {
      EXPECT_OK(run(shuffles<T>, 1, 64, 0, out.get(), argument, width));
      auto actual = out.read();
      for (int t = 0; t < 64; ++t) {
        for (int kind = 0; kind < 4; ++kind) {
          int from = t / 32 * 32 + source(kind, t % 32, argument, width);
          EXPECT(actual[t * 4 + kind] == static_cast<T>(from * 1000 + 7));
        }
      }
    }
  }
}

TEST(shuffles_of_every_type_width_and_distance) {
  check_shuffles<float>();
  check_shuffles<int>();
  check_shuffles<unsigned>();
  check_shuffles<double>();
  check_shuffles<long long>();
  check_shuffles<unsigned long long>();
}

__global__ void warp_sum(const float* x, float* sums) {
  float v = x[blockIdx.x * blockDim.x + threadIdx.x];
  for (int offset = 16; offset > 0; offset /= 2) v += __shfl_down_sync(0xffffffffu, v, offset);
  if (threadIdx.x % 32 == 0) sums[(blockIdx.x * blockDim.x + threadIdx.x) / 32] = v;
}

TEST(sums_of_warps) {
  std::vector<float> x(320 * 3);
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 5);
  Array<float> dx(x), sums(30);
  EXPECT_OK(run(warp_sum, 3, 320, 0, dx.get(), sums.get()));
  auto actual = sums.read();
  for (int w = 0; w < 30; ++w) {
    double wanted = 0;
    for (int lane = 0; lane < 32; ++lane) wanted += x[w * 32 + lane];
    EXPECT_CLOSE(actual[w], wanted, 0);
  }
}

__global__ void votes(unsigned* out) {
  int t = threadIdx.x;
  unsigned* row = out + t * 5;
  row[0] = __ballot_sync(0xffffffffu, t % 3 == 0);
  row[1] = __any_sync(0xffffffffu, t == 40);
  row[2] = __all_sync(0xffffffffu, t < 32);
  row[3] = __activemask();
  __syncwarp();  // lanes that ran ahead and returned would be missing from the mask
  row[4] = t % 32 < 8 ? __ballot_sync(0x000000ffu, t % 2) : __ballot_sync(0xffffff00u, t % 2 == 0);
}

TEST(votes_also_of_parts_of_a_warp) {
  Array<unsigned> out(64 * 5);
  EXPECT_OK(run(votes, 1, 64, 0, out.get()));
  auto actual = out.read();
  for (int t = 0; t < 64; ++t) {
    unsigned thirds = 0;
    for (int lane = 0; lane < 32; ++lane) thirds |= static_cast<unsigned>((t / 32 * 32 + lane) % 3 == 0) << lane;
    EXPECT(actual[t * 5] == thirds);
    EXPECT(actual[t * 5 + 1] == (t >= 32 ? 1u : 0u));
    EXPECT(actual[t * 5 + 2] == (t < 32 ? 1u : 0u));
    EXPECT(actual[t * 5 + 3] == 0xffffffffu);
    EXPECT(actual[t * 5 + 4] == (t % 32 < 8 ? 0xaau : 0x55555500u));
  }
}

__global__ void exchange_within_warps(int* x) {
  __shared__ int shared[128];
  for (int round = 0; round < 4; ++round) {
    shared[threadIdx.x] = x[threadIdx.x];
    __syncwarp();
    x[threadIdx.x] = shared[threadIdx.x ^ 1] + round;
    __syncwarp();
  }
}

TEST(warp_barriers) {
  std::vector<int> x(128);
  for (int i = 0; i < 128; ++i) x[i] = i;
  Array<int> device(x);
  EXPECT_OK(run(exchange_within_warps, 1, 128, 0, device.get()));
  auto actual = device.read();
  for (int i = 0; i < 128; ++i) EXPECT(actual[i] == i + 6);
}

__global__ void odd_block(float* out) {
  // Lanes that the block does not have count as not named.
  float v = __shfl_xor_sync(0xffffffffu, static_cast<float>(threadIdx.x), 1);
  __syncwarp();
  out[threadIdx.x] = v;
}

TEST(a_last_warp_that_is_not_whole) {
  Array<float> out(40);
  EXPECT_OK(run(odd_block, 1, 40, 0, out.get()));
  auto actual = out.read();
  for (int i = 0; i < 40; ++i) EXPECT_CLOSE(actual[i], i ^ 1, 0);
}

__global__ void warps_and_barriers(int* out) {
  __shared__ int sums[8];
  int v = static_cast<int>(threadIdx.x);
  for (int offset = 16; offset > 0; offset /= 2) v += __shfl_xor_sync(0xffffffffu, v, offset);
  if (threadIdx.x % 32 == 0) sums[threadIdx.x / 32] = v;
  __syncthreads();
  if (threadIdx.x < 32) {
    int w = threadIdx.x < 8 ? sums[threadIdx.x] : 0;
    for (int offset = 4; offset > 0; offset /= 2) w += __shfl_xor_sync(0xffffffffu, w, offset);
    if (threadIdx.x == 0) sums[0] = w;
  }
  __syncthreads();
  out[threadIdx.x] = sums[0];
}

TEST(a_block_sum_by_warps) {
  Array<int> out(256);
  EXPECT_OK(run(warps_and_barriers, 1, 256, 0, out.get()));
  for (int value : out.read()) EXPECT(value == 255 * 128);
}

}  // namespace
