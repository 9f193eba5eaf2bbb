// The twins of ptx.cuh against plain loops. Where each element of a fragment lives is written down here a second time,
// as strides, the way CUTLASS does (cute/atom/mma_traits_sm80.hpp).
#include "harness.hpp"

using namespace test;
using namespace azj::cuda;

namespace {

float bf16(float value) {
  unsigned bits = __float_as_uint(value);
  unsigned lower = bits & 0xffffu, upper = bits & 0xffff0000u;
  if (lower > 0x8000u || (lower == 0x8000u && (upper & 0x10000u) != 0)) upper += 0x10000u;
  return __uint_as_float(upper);
}

float tf32(float value) {
  unsigned bits = __float_as_uint(value);
  unsigned lower = bits & 0x1fffu, upper = bits & ~0x1fffu;
  if (lower >= 0x1000u) upper += 0x2000u;
  return __uint_as_float(upper);
}

// ---- mma. A is 16 x K at a[row + 16 k], B is K x 8 at b[column + 8 k], D is 16 x 8 at d[row + 16 column].

__global__ void mma_of_tf32(const float* a, const float* b, float* d) {
  int t = threadIdx.x % 4, g = threadIdx.x / 4;
  uint32_t fa[4], fb[2];
  float fd[4];
  for (int i = 0; i < 4; ++i) fa[i] = cvt_tf32(a[t * 16 + g + (i & 1) * 8 + (i >> 1) * 64]);
  for (int i = 0; i < 2; ++i) fb[i] = cvt_tf32(b[t * 8 + g + i * 32]);
  for (int i = 0; i < 4; ++i) fd[i] = d[t * 32 + g + (i & 1) * 16 + (i >> 1) * 8];
  mma_m16n8k8_tf32(fd, fa, fb);
  for (int i = 0; i < 4; ++i) d[t * 32 + g + (i & 1) * 16 + (i >> 1) * 8] = fd[i];
}

__global__ void mma_of_bf16(const float* a, const float* b, float* d) {
  int t = threadIdx.x % 4, g = threadIdx.x / 4;
  uint32_t fa[4], fb[2];
  float fd[4];
  for (int i = 0; i < 4; ++i) {
    const float* at = a + t * 32 + g + (i & 1) * 8 + (i >> 1) * 128;
    fa[i] = cvt_bf16x2(at[0], at[16]);
  }
  for (int i = 0; i < 2; ++i) {
    const float* at = b + t * 16 + g + i * 64;
    fb[i] = cvt_bf16x2(at[0], at[8]);
  }
  for (int i = 0; i < 4; ++i) fd[i] = d[t * 32 + g + (i & 1) * 16 + (i >> 1) * 8];
  mma_m16n8k16_bf16(fd, fa, fb);
  for (int i = 0; i < 4; ++i) d[t * 32 + g + (i & 1) * 16 + (i >> 1) * 8] = fd[i];
}

template <int kDepth>
void check_mma(void (*kernel)(const float*, const float*, float*), float (*round)(float)) {
  std::vector<float> a(16 * kDepth), b(kDepth * 8), d(16 * 8);
  unsigned seed = 1;
  auto random = [&seed] {
    seed = seed * 1664525u + 1013904223u;
    return static_cast<float>(seed >> 8) / (1 << 23) - 1.0f;
  };
  for (auto* all : {&a, &b, &d}) {
    for (float& value : *all) value = random();
  }
  Array<float> da(a), db(b), dd(d);
  EXPECT_OK(run(kernel, 1, 32, 0, da.get(), db.get(), dd.get()));
  auto actual = dd.read();
  for (int row = 0; row < 16; ++row) {
    for (int column = 0; column < 8; ++column) {
      double wanted = d[row + 16 * column];
      for (int k = 0; k < kDepth; ++k) {
        wanted += static_cast<double>(round(a[row + 16 * k])) * static_cast<double>(round(b[column + 8 * k]));
      }
      EXPECT_CLOSE(actual[row + 16 * column], wanted, 1e-6);
    }
  }
}

TEST(mma_with_tf32) { check_mma<8>(mma_of_tf32, tf32); }
TEST(mma_with_bf16) { check_mma<16>(mma_of_bf16, bf16); }

__global__ void mma_without_conversion(float* out) {
  uint32_t a[4] = {__float_as_uint(1.0f + 1.0f / 2048), 0, 0, 0}, b[2] = {__float_as_uint(1.0f), 0};
  float d[4] = {0, 0, 0, 0};
  mma_m16n8k8_tf32(d, a, b);
  out[threadIdx.x] = d[0];
}

TEST(the_tensor_cores_ignore_the_lower_bits_of_tf32) {
  Array<float> out(32);
  EXPECT_OK(run(mma_without_conversion, 1, 32, 0, out.get()));
  EXPECT_CLOSE(out.read()[0], 4.0, 0);  // the sum over k of 1 * 1, four lanes each with k = t
}

__global__ void mma_in_part_of_a_warp(float* out) {
  uint32_t a[4] = {}, b[2] = {};
  float d[4] = {};
  if (threadIdx.x < 16) mma_m16n8k8_tf32(d, a, b);
  out[threadIdx.x] = d[0];
}

TEST(mma_needs_the_whole_warp) {
  Array<float> out(32);
  EXPECT_ERROR(run(mma_in_part_of_a_warp, 1, 32, 0, out.get()), cudaErrorLaunchFailure);
  EXPECT_FAULT_SAYS("mma_in_part_of_a_warp");
}

// ---- ldmatrix

template <int kMatrices, bool kTransposed>
__global__ void load(const unsigned short* in, unsigned short* out) {
  __shared__ __align__(16) unsigned short rows[4][8][8];
  int lane = threadIdx.x;
  for (int i = lane; i < 256; i += 32) rows[i / 64][i / 8 % 8][i % 8] = in[i];
  __syncwarp();
  const void* row = rows[lane / 8][lane % 8];
  uint32_t d[kMatrices];
  if constexpr (kMatrices == 1 && !kTransposed) ldmatrix_x1(d, row);
  if constexpr (kMatrices == 2 && !kTransposed) ldmatrix_x2(d, row);
  if constexpr (kMatrices == 4 && !kTransposed) ldmatrix_x4(d, row);
  if constexpr (kMatrices == 1 && kTransposed) ldmatrix_x1_trans(d, row);
  if constexpr (kMatrices == 2 && kTransposed) ldmatrix_x2_trans(d, row);
  if constexpr (kMatrices == 4 && kTransposed) ldmatrix_x4_trans(d, row);
  for (int m = 0; m < kMatrices; ++m) {
    out[(m * 32 + lane) * 2] = static_cast<unsigned short>(d[m] & 0xffff);
    out[(m * 32 + lane) * 2 + 1] = static_cast<unsigned short>(d[m] >> 16);
  }
}

template <int kMatrices, bool kTransposed>
void check_load() {
  std::vector<unsigned short> in(256);
  for (int i = 0; i < 256; ++i) in[i] = static_cast<unsigned short>(i * 259);
  Array<unsigned short> device(in), out(kMatrices * 64);
  EXPECT_OK(run(load<kMatrices, kTransposed>, 1, 32, 0, device.get(), out.get()));
  auto actual = out.read();
  for (int m = 0; m < kMatrices; ++m) {
    for (int i = 0; i < 64; ++i) {
      int row = i / 8, column = i % 8;  // lane i / 2, half i % 2
      EXPECT(actual[m * 64 + i] == in[m * 64 + (kTransposed ? column * 8 + row : row * 8 + column)]);
    }
  }
}

TEST(ldmatrix_of_every_size) {
  check_load<1, false>();
  check_load<2, false>();
  check_load<4, false>();
  check_load<1, true>();
  check_load<2, true>();
  check_load<4, true>();
}

// ---- conversions

TEST(conversions_round_as_the_instructions_do) {
  unsigned seed = 7;
  for (int i = 0; i < 100000; ++i) {
    seed = seed * 1664525u + 1013904223u;
    float value = __uint_as_float(seed);
    if (!std::isfinite(value)) continue;
    EXPECT(cvt_tf32(value) == __float_as_uint(tf32(value)));
    EXPECT(cvt_bf16x2(value, 1.0f) == ((__float_as_uint(bf16(value)) >> 16) | 0x3f800000u));
  }
  EXPECT(__uint_as_float(cvt_tf32(1.0f + 0x1p-11f)) == 1.0f + 0x1p-10f);  // a tie goes away from zero
  EXPECT(cvt_bf16x2(1.0f + 0x1p-8f, 1.0f + 3 * 0x1p-8f) == 0x3f823f80u);  // and to even
  EXPECT(std::isnan(__uint_as_float(cvt_tf32(NAN))) && cvt_tf32(-INFINITY) == 0xff800000u);
  EXPECT((cvt_bf16x2(NAN, INFINITY) & 0x7fffu) > 0x7f80u && cvt_bf16x2(0, INFINITY) >> 16 == 0x7f80u);
}

// ---- cp.async

__global__ void pipeline(int steps, const float* in, float* out) {
  // Two stages: a step is fetched while the one before it is used.
  __shared__ __align__(16) float stage[2][128];
  auto fetch = [&](int step) {
    if (step < steps) cp_async_16(&stage[step % 2][threadIdx.x * 4], in + step * 128 + threadIdx.x * 4);
    cp_async_commit();
  };
  float sum = 0;
  fetch(0);
  for (int step = 0; step < steps; ++step) {
    fetch(step + 1);
    cp_async_wait<1>();
    __syncthreads();
    for (int i = 0; i < 4; ++i) sum += stage[step % 2][127 - (threadIdx.x * 4 + i)];
    __syncthreads();
  }
  out[threadIdx.x] = sum;
}

TEST(a_pipeline_of_asynchronous_copies) {
  const int steps = 7;
  std::vector<float> in(128 * steps);
  for (size_t i = 0; i < in.size(); ++i) in[i] = static_cast<float>(i % 17);
  Array<float> device(in), out(32);
  EXPECT_OK(run(pipeline, 1, 32, 0, steps, device.get(), out.get()));
  auto actual = out.read();
  for (int t = 0; t < 32; ++t) {
    double wanted = 0;
    for (int step = 0; step < steps; ++step) {
      for (int i = 0; i < 4; ++i) wanted += in[step * 128 + 127 - (t * 4 + i)];
    }
    EXPECT_CLOSE(actual[t], wanted, 0);
  }
}

__global__ void zero_fill(const float* in, float* out) {
  __shared__ __align__(16) float shared[5 * 32];
  cp_async_4(shared + threadIdx.x, in, threadIdx.x < 10);
  cp_async_16(shared + 32 + threadIdx.x * 4, in, threadIdx.x < 10);
  cp_async_commit();
  cp_async_wait<0>();
  out[threadIdx.x] = shared[threadIdx.x] + shared[32 + threadIdx.x * 4 + 3];
}

TEST(copies_that_are_not_valid_write_zeros) {
  Array<float> in(std::vector<float>{1, 2, 3, 4}), out(32);
  EXPECT_OK(run(zero_fill, 1, 32, 0, in.get(), out.get()));
  auto actual = out.read();
  for (int t = 0; t < 32; ++t) EXPECT_CLOSE(actual[t], t < 10 ? 5 : 0, 0);
}

template <int kGroups>
__global__ void too_early(const float* in, float* out) {
  __shared__ __align__(16) float shared[128];
  cp_async_16(shared + threadIdx.x * 4, in + threadIdx.x * 4);
  cp_async_commit();
  if (kGroups >= 0) cp_async_wait < kGroups<0 ? 0 : kGroups>();
  out[threadIdx.x] = shared[threadIdx.x * 4 + 1];
}

__global__ void never_committed(const float* in, float* out) {
  __shared__ __align__(16) float shared[128];
  cp_async_16(shared + threadIdx.x * 4, in + threadIdx.x * 4);
  cp_async_wait<0>();
  out[threadIdx.x] = shared[threadIdx.x * 4 + 1];
}

#ifdef AZJ_EMULATION_CHECKED
constexpr cudaError_t kTooEarly = cudaErrorLaunchFailure;
#else
constexpr cudaError_t kTooEarly = cudaSuccess;  // the bytes are missing, and nobody says so
#endif

TEST(bytes_arrive_when_they_are_waited_for) {
  std::vector<float> values(128, 2.0f);
  for (auto kernel : {too_early<-1>, too_early<1>, never_committed}) {
    Array<float> in(values), out(32);
    EXPECT_ERROR(run(kernel, 1, 32, 0, in.get(), out.get()), kTooEarly);
    if (kTooEarly == cudaSuccess) {
      EXPECT(std::isnan(out.read()[5]));
    } else {
      EXPECT_FAULT_SAYS("asynchronous copy that was not waited for");
    }
    azj_emulation_reset();
  }
  Array<float> in(values), out(32);
  EXPECT_OK(run(too_early<0>, 1, 32, 0, in.get(), out.get()));
  EXPECT_CLOSE(out.read()[5], 2, 0);
}

__global__ void wrong_copy(int kind, float* in, float* out) {
  __shared__ __align__(16) float shared[128];
  if (kind == 0) cp_async_16(shared + 1, in);
  if (kind == 1) cp_async_16(shared, in + 1);
  if (kind == 2) cp_async_4(in, in + 4);
  if (kind == 3) cp_async_4(shared, shared + 4);
  if (kind == 4) cp_async_16(shared, in + 128);
  out[0] = 1;
}

TEST(copies_that_are_wrong) {
  const cudaError_t errors[] = {cudaErrorMisalignedAddress, cudaErrorMisalignedAddress, cudaErrorInvalidAddressSpace,
                                cudaErrorInvalidAddressSpace, cudaErrorIllegalAddress};
#ifdef AZJ_EMULATION_CHECKED
  const int kinds = 5;
#else
  const int kinds = 4;
#endif
  for (int kind = 0; kind < kinds; ++kind) {
    Array<float> in(128), out(1);
    EXPECT_ERROR(run(wrong_copy, 1, 1, 0, kind, in.get(), out.get()), errors[kind]);
    azj_emulation_reset();
  }
}

}  // namespace
