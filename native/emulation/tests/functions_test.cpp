// Device functions that are not in the C library, and types and constants whose values are CUDA's.
#include "harness.hpp"

using namespace test;

namespace {

static_assert(sizeof(float4) == 16 && alignof(float4) == 16 && sizeof(float2) == 8 && alignof(float2) == 8, "");
static_assert(sizeof(int4) == 16 && alignof(int4) == 16 && sizeof(uchar4) == 4 && alignof(uchar4) == 4, "");
static_assert(sizeof(dim3) == 12 && sizeof(uint3) == 12 && alignof(double2) == 16, "");

TEST(minimum_and_maximum) {
  EXPECT(min(3, -2) == -2 && max(3, -2) == 3);
  EXPECT(max(-1, 1u) == 0xffffffffu);  // mixed signs compare as unsigned
  EXPECT(min(5ll, 1ll << 40) == 5 && max(5ull, 1ull << 40) == 1ull << 40);
  EXPECT(min(2.0f, NAN) == 2.0f && max(NAN, 2.0f) == 2.0f && min(1.0, 2.0f) == 1.0);
}

TEST(bits) {
  EXPECT(__popc(0xf0f0u) == 8 && __popcll(~0ull) == 64);
  EXPECT(__clz(1) == 31 && __clz(0) == 32 && __clzll(1) == 63 && __clzll(0) == 64);
  EXPECT(__ffs(8) == 4 && __ffs(0) == 0 && __brev(1u) == 0x80000000u);
  EXPECT(__umulhi(0xffffffffu, 0xffffffffu) == 0xfffffffeu && __mulhi(-1, 1) == -1);
  EXPECT(__umul64hi(1ull << 63, 4) == 2);
  EXPECT(__funnelshift_l(0x80000000u, 1u, 1) == 3u && __funnelshift_r(2u, 1u, 1) == 0x80000001u);
  EXPECT(__float_as_int(1.0f) == 0x3f800000 && __int_as_float(0x40000000) == 2.0f);
  EXPECT(__float_as_uint(-0.0f) == 0x80000000u && __uint_as_float(0x7f800000u) == INFINITY);
}

TEST(conversions_saturate) {
  EXPECT(__float2int_rn(2.5f) == 2 && __float2int_rn(3.5f) == 4 && __float2int_rz(-2.9f) == -2);
  EXPECT(__float2int_rd(-2.1f) == -3 && __float2int_ru(2.1f) == 3);
  EXPECT(__float2int_rn(3e9f) == 2147483647 && __float2int_rn(-INFINITY) == -2147483647 - 1);
  EXPECT(__float2int_rn(NAN) == 0 && __float2uint_rz(-1.0f) == 0u);
  EXPECT(__saturatef(NAN) == 0.0f && __saturatef(2.0f) == 1.0f && __saturatef(0.25f) == 0.25f);
}

TEST(arithmetic) {
  float next = std::nextafter(1.0f, 2.0f);
  EXPECT(fmaf(next, next, -1.0f) == static_cast<float>(static_cast<double>(next) * next - 1.0));
  EXPECT(__fmaf_rn(2.0f, 3.0f, 4.0f) == 10.0f);
  EXPECT_CLOSE(rsqrtf(4.0f), 0.5, 0);
  EXPECT_CLOSE(__expf(1.0f), 2.718281828, 1e-6);
  EXPECT_CLOSE(__logf(2.718281828f), 1, 1e-6);
  EXPECT_CLOSE(sinpif(0.5f), 1, 1e-7);
  EXPECT_CLOSE(cospif(1.0f), -1, 1e-7);
  EXPECT(std::isnan(fmaf(NAN, 1.0f, 1.0f)) && fmaf(INFINITY, 1.0f, 1.0f) == INFINITY);
}

TEST(error_numbers_names_and_texts) {
  EXPECT(cudaErrorInvalidValue == 1 && cudaErrorMemoryAllocation == 2 && cudaErrorInvalidConfiguration == 9);
  EXPECT(cudaErrorInvalidMemcpyDirection == 21 && cudaErrorInsufficientDriver == 35 && cudaErrorNoDevice == 100);
  EXPECT(cudaErrorNoKernelImageForDevice == 209 && cudaErrorInvalidResourceHandle == 400 && cudaErrorNotReady == 600);
  EXPECT(cudaErrorIllegalAddress == 700 && cudaErrorMisalignedAddress == 716 && cudaErrorLaunchFailure == 719);
  EXPECT(cudaErrorStreamCaptureUnsupported == 900 && cudaErrorUnknown == 999);
  EXPECT(std::string(cudaGetErrorName(cudaErrorIllegalAddress)) == "cudaErrorIllegalAddress");
  EXPECT(std::string(cudaGetErrorString(cudaErrorMemoryAllocation)) == "out of memory");
  EXPECT(std::string(cudaGetErrorName(static_cast<cudaError_t>(5555))) == "unrecognized error code");
}

}  // namespace
