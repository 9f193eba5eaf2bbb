// Products of warpgroups against plain loops, and the pipeline that feeds them.
#include "hopper.hpp"

using namespace test;
using namespace azj::cuda;

namespace {

// ---- products

// Both operands as rows of 32 bytes of k, laid out in shared memory as the descriptors say: 8 rows of them after each
// other, or (kRowsOfA, kRowsOfB) 8 lines of k with as many bytes of rows as the swizzle has.
template <int kCount, bool kTf32, bool kRowsOfA, bool kRowsOfB>
__global__ void product(const uint32_t* a, const uint32_t* b, float* d, int mode, bool accumulate) {
  const int n = 2 * kCount, pitch = mode == 0 ? 16 : 256 >> mode, bits = mode == 0 ? 0 : 4 - mode;
  unsigned char* shared = swizzled_shared();
  const int group = mode == 0 ? 256 : 8 * pitch;  // without a swizzle the two columns of 8 rows follow each other
  unsigned char* const of_b = shared + 64 / 8 * group;
  const auto place = [&](unsigned char* base, int row, int word) {
    int offset = row / 8 * group + row % 8 * pitch + (mode == 0 ? word / 4 * 128 : word / 4 * 16) + word % 4 * 4;
    offset ^= (offset >> 7 & ((1 << bits) - 1)) << 4;
    return reinterpret_cast<uint32_t*>(base + offset);
  };
  const auto store = [&](unsigned char* base, bool rows, int row, int word, uint32_t value) {
    if (!rows) {
      *place(base, row, word) = value;
      return;
    }
    for (int k = 2 * word; k < 2 * word + 2; ++k, value >>= 16) {
      int offset = row * 2 / pitch * 16 * pitch + row * 2 % pitch + k * pitch;
      offset ^= (offset >> 7 & ((1 << bits) - 1)) << 4;
      *reinterpret_cast<uint16_t*>(base + offset) = static_cast<uint16_t>(value);
    }
  };
  for (int i = threadIdx.x; i < 64 * 8; i += 128) store(shared, kRowsOfA, i / 8, i % 8, a[i]);
  for (int i = threadIdx.x; i < n * 8; i += 128) store(of_b, kRowsOfB, i / 8, i % 8, b[i]);
  fence_proxy_async();
  __syncthreads();
  const int warp = threadIdx.x / 32, g = threadIdx.x % 32 / 4, t = threadIdx.x % 4;
  float sums[kCount];
  const auto at = [&](int i) { return (16 * warp + g + i / 2 % 2 * 8) * n + i / 4 * 8 + 2 * t + i % 2; };
  for (int i = 0; i < kCount; ++i) sums[i] = d[at(i)];
  const auto descriptor = [&](const void* matrix, bool rows) {
    const int leading = rows ? 16 * pitch : 128;
    return uint64_t(shared_address(matrix) & 0x3ffff) >> 4 | uint64_t(leading >> 4) << 16 |
           uint64_t(group >> 4) << 32 | uint64_t(mode) << 62;
  };
  wgmma_fence();
  if constexpr (kTf32) {
    wgmma_tf32(sums, descriptor(shared, false), descriptor(of_b, false), accumulate);
  } else {
    wgmma_bf16<kRowsOfA, kRowsOfB>(sums, descriptor(shared, kRowsOfA), descriptor(of_b, kRowsOfB), accumulate);
  }
  wgmma_commit();
  wgmma_wait<0>();
  wgmma_results(sums);
  for (int i = 0; i < kCount; ++i) d[at(i)] = sums[i];
}

template <int kCount, bool kTf32, bool kRowsOfA = false, bool kRowsOfB = false>
void check_product(int mode, bool accumulate) {
  constexpr int n = 2 * kCount, kWords = 8, kDepth = kTf32 ? 8 : 16;
  const auto words = [](int rows, unsigned seed) {
    std::vector<uint32_t> all(static_cast<size_t>(rows * kWords));
    for (uint32_t& word : all) {
      const auto next = [&seed] {
        seed = seed * 1664525u + 1013904223u;
        return static_cast<float>(seed >> 8) / (1 << 23) - 1.0f;
      };
      word = kTf32 ? __float_as_uint(next()) : cvt_bf16x2(next(), next());
    }
    return all;
  };
  const auto value = [](uint32_t word, int half) {
    if (kTf32) return __uint_as_float(word & 0xffffe000u);
    return __uint_as_float(half == 0 ? word << 16 : word & 0xffff0000u);
  };
  const auto a = words(64, 1), b = words(n, 2);
  std::vector<float> before(64 * n, 0.5f);
  Array<uint32_t> da(a), db(b);
  Array<float> dd(before);
  const size_t bytes = static_cast<size_t>(64 + n) * (mode == 0 ? 32 : 256 >> mode);
  constexpr auto kernel = product<kCount, kTf32, kRowsOfA, kRowsOfB>;
  allow_shared(kernel, bytes + kSwizzleRoom);
  EXPECT_OK(run(kernel, 1, 128, bytes + kSwizzleRoom, da.get(), db.get(), dd.get(), mode, accumulate));
  const auto actual = dd.read();
  double worst = 0;
  for (int i = 0; i < 64; ++i) {
    for (int j = 0; j < n; ++j) {
      double wanted = accumulate ? 0.5 : 0;
      for (int k = 0; k < kDepth; ++k) {
        const int word = kTf32 ? k : k / 2;
        wanted += static_cast<double>(value(a[static_cast<size_t>(i * 8 + word)], k % 2)) *
                  static_cast<double>(value(b[static_cast<size_t>(j * 8 + word)], k % 2));
      }
      const double error = std::fabs(actual[static_cast<size_t>(i * n + j)] - wanted);
      if (!(error <= worst)) worst = error;
    }
  }
  EXPECT_CLOSE(worst, 0, 1e-6);
}

TEST(products_of_every_shape_and_swizzle) {
  for (int mode = 0; mode < 4; ++mode) {
    check_product<64, true>(mode, true);
    check_product<128, true>(mode, false);
    check_product<64, false>(mode, false);
    check_product<128, false>(mode, true);
    if (mode == 0) continue;
    check_product<64, false, true, true>(mode, true);
    check_product<128, false, true, true>(mode, false);
    check_product<128, false, true, false>(mode, true);
    check_product<64, false, false, true>(mode, false);
  }
}

// ---- matrices of a warp

__global__ void turn(const uint32_t* in, unsigned short* out) {
  __shared__ __align__(16) unsigned short rows[4][8][8];
  const int lane = threadIdx.x;
  uint32_t d[4];
  for (int m = 0; m < 4; ++m) d[m] = in[4 * lane + m];
  stmatrix_x4_trans(rows[lane / 8][lane % 8], d);
  __syncwarp();
  for (int i = lane; i < 256; i += 32) out[i] = rows[i / 64][i / 8 % 8][i % 8];
}

TEST(stmatrix_turns_four_matrices) {
  std::vector<uint32_t> in(128);
  for (uint32_t i = 0; i < 128; ++i) in[i] = 2 * i | (2 * i + 1) << 16;
  Array<uint32_t> device(in);
  Array<unsigned short> out(256);
  EXPECT_OK(run(turn, 1, 32, 0, device.get(), out.get()));
  const auto actual = out.read();
  for (int i = 0; i < 256; ++i) {
    const int m = i / 64, row = i / 8 % 8, g = i % 8, lane = 4 * g + row / 2;
    EXPECT(actual[i] == 2 * (4 * lane + m) + row % 2);
  }
}

// ---- a pipeline: a warpgroup copies, another multiplies, through two stages

__global__ void pipeline(const __grid_constant__ CUtensorMap a, const __grid_constant__ CUtensorMap b, int steps,
                         float* d) {
  __shared__ __align__(8) uint64_t full[2];
  __shared__ __align__(8) uint64_t empty[2];
  constexpr int kStage = (64 + 128) * 128;
  unsigned char* stages = swizzled_shared();
  if (threadIdx.x == 0) {
    for (int i = 0; i < 2; ++i) {
      mbarrier_init(&full[i], 1);
      mbarrier_init(&empty[i], 4);
    }
    fence_proxy_async();
  }
  __syncthreads();
  if (threadIdx.x < 128) {
    if (threadIdx.x < 32 && elect_one()) {
      for (int step = 0; step < steps; ++step) {
        while (!mbarrier_try_wait(&empty[step % 2], (step / 2 & 1) ^ 1)) {
        }
        mbarrier_arrive_expect_tx(&full[step % 2], kStage);
        tensor_load_4d(stages + step % 2 * kStage, &a, step * 32, 0, 0, 0, &full[step % 2]);
        tensor_load_4d(stages + step % 2 * kStage + 64 * 128, &b, step * 32, 0, 0, 0, &full[step % 2]);
      }
    }
    return;
  }
  float sums[64];
  for (int step = 0; step < steps; ++step) {
    while (!mbarrier_try_wait(&full[step % 2], step / 2 & 1)) {
    }
    wgmma_fence();
    for (int part = 0; part < 4; ++part) {
      const uint64_t at = shared_address(stages) + step % 2 * kStage + part * 32;
      const uint64_t common = uint64_t{1} << 62 | uint64_t{64} << 32;
      wgmma_tf32(sums, common | at >> 4, common | (at + 64 * 128) >> 4, step > 0 || part > 0);
    }
    wgmma_commit();
    wgmma_wait<0>();
    if (threadIdx.x % 32 == 0) mbarrier_arrive(&empty[step % 2]);
  }
  for (int i = 0; i < 64; ++i) d[(threadIdx.x - 128) * 64 + i] = sums[i];
}

TEST(a_pipeline_of_copies_and_products) {
  constexpr int kSteps = 7, kK = 32 * kSteps;
  Array<float> a(std::vector<float>(64 * kK, 0.5f)), b(std::vector<float>(128 * kK, 2.0f)), d(128 * 64);
  CUtensorMap map_a, map_b;
  EXPECT(encode(map_a, a.get(), {kK, 64, 1, 1}, {kK * 4, kK * 256, kK * 256}, {32, 64, 1, 1},
                CU_TENSOR_MAP_SWIZZLE_128B) == CUDA_SUCCESS);
  EXPECT(encode(map_b, b.get(), {kK, 128, 1, 1}, {kK * 4, kK * 512, kK * 512}, {32, 128, 1, 1},
                CU_TENSOR_MAP_SWIZZLE_128B) == CUDA_SUCCESS);
  constexpr size_t kBytes = kSwizzleRoom + 2 * (64 + 128) * 128;
  allow_shared(pipeline, kBytes);
  EXPECT_OK(run(pipeline, 3, 256, kBytes, map_a, map_b, kSteps, d.get()));
  for (float value : d.read()) EXPECT_CLOSE(value, kK, 0);
}

}  // namespace
