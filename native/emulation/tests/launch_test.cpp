// Launches that CUDA refuses, the limits of devices, and failures on request.
#include "harness.hpp"

using namespace test;

namespace {

__global__ void nothing(float*) {}
__global__ void more_shared(float*) {}

TEST(bad_configurations) {
  Array<float> x(1);
  const cudaError_t configuration = cudaErrorInvalidConfiguration;
  struct {
    dim3 grid, block;
    size_t shared;
    cudaError_t wanted;
  } attempts[] = {
      {dim3(0), dim3(1), 0, configuration},
      {dim3(1, 0), dim3(1), 0, configuration},
      {dim3(1, 1, 0), dim3(1), 0, configuration},
      {dim3(1), dim3(0), 0, configuration},
      {dim3(1), dim3(1, 0, 1), 0, configuration},
      {dim3(1), dim3(1025), 0, configuration},
      {dim3(1), dim3(33, 32), 0, configuration},
      {dim3(1), dim3(1, 1, 65), 0, configuration},
      {dim3(1), dim3(16, 1, 65), 0, configuration},
      {dim3(2147483648u), dim3(1), 0, configuration},
      {dim3(1, 65536), dim3(1), 0, configuration},
      {dim3(1, 1, 65536), dim3(1), 0, configuration},
      {dim3(1), dim3(1), 48 * 1024 + 1, cudaErrorInvalidValue},
      {dim3(1), dim3(1), 228 * 1024, cudaErrorInvalidValue},
      {dim3(1, 65535), dim3(1, 1024), 48 * 1024, cudaSuccess},
      {dim3(1, 1, 65535), dim3(2, 8, 64), 0, cudaSuccess},
  };
  for (const auto& attempt : attempts) {
    EXPECT_ERROR(run(nothing, attempt.grid, attempt.block, attempt.shared, x.get()), attempt.wanted);
    if (attempt.wanted != cudaSuccess) EXPECT_FAULT_SAYS("launch of ");
    EXPECT_ERROR(cudaGetLastError(), attempt.wanted);
    EXPECT_OK(cudaGetLastError());  // not sticky
  }
}

TEST(more_than_48_kilobytes_need_leave) {
  Array<float> x(1);
  EXPECT_ERROR(run(more_shared, 1, 1, 64 * 1024, x.get()), cudaErrorInvalidValue);
  EXPECT_FAULT_SAYS("cudaFuncSetAttribute");
  EXPECT_OK(cudaFuncSetAttribute(more_shared, cudaFuncAttributeMaxDynamicSharedMemorySize, 64 * 1024));
  EXPECT_OK(run(more_shared, 1, 1, 64 * 1024, x.get()));
  EXPECT_ERROR(run(more_shared, 1, 1, 64 * 1024 + 1, x.get()), cudaErrorInvalidValue);
  EXPECT_ERROR(run(nothing, 1, 1, 64 * 1024, x.get()), cudaErrorInvalidValue);
  cudaFuncAttributes attributes;
  EXPECT_OK(cudaFuncGetAttributes(&attributes, more_shared));
  EXPECT(attributes.maxDynamicSharedSizeBytes == 64 * 1024);
  EXPECT_ERROR(cudaFuncSetAttribute(more_shared, cudaFuncAttributeMaxDynamicSharedMemorySize, 227 * 1024 + 1),
               cudaErrorInvalidValue);
}

TEST(devices) {
  int count = 0, value = 0;
  EXPECT_OK(cudaGetDeviceCount(&count));
  EXPECT(count == 2);
  EXPECT_ERROR(cudaSetDevice(2), cudaErrorInvalidDevice);
  EXPECT_ERROR(cudaSetDevice(-1), cudaErrorInvalidDevice);
  EXPECT_OK(cudaSetDevice(1));
  EXPECT_OK(cudaGetDevice(&value));
  EXPECT(value == 1);
  EXPECT_OK(cudaSetDevice(0));
  EXPECT_OK(cudaDeviceGetAttribute(&value, cudaDevAttrMaxSharedMemoryPerBlockOptin, 0));
  EXPECT(value == 227 * 1024);
  EXPECT_OK(cudaDeviceGetAttribute(&value, cudaDevAttrComputeCapabilityMajor, 0));
  EXPECT(value == 9);
  EXPECT_ERROR(cudaDeviceGetAttribute(&value, static_cast<cudaDeviceAttr>(9999), 0), cudaErrorInvalidValue);
  EXPECT_ERROR(cudaDeviceGetAttribute(&value, cudaDevAttrWarpSize, 7), cudaErrorInvalidDevice);
  cudaDeviceProp properties;
  EXPECT_OK(cudaGetDeviceProperties(&properties, 1));
  EXPECT(std::string(properties.name) == "Azulejo emulated GPU 1" && properties.warpSize == 32);
  EXPECT_OK(cudaDriverGetVersion(&value));
  EXPECT(value == 13000);
  EXPECT_OK(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&value, nothing, 256, 100 * 1024));
  EXPECT(value == 2);
}

TEST(failures_on_request) {
  void* pointer = nullptr;
  EXPECT(azj_emulation_inject("cudaMalloc", 2, cudaErrorMemoryAllocation) == 0);
  EXPECT_OK(cudaMalloc(&pointer, 16));
  EXPECT_ERROR(cudaMalloc(&pointer, 16), cudaErrorMemoryAllocation);
  EXPECT_FAULT_SAYS("cudaMalloc failed by request");
  EXPECT_OK(cudaMalloc(&pointer, 16));
  EXPECT(azj_emulation_live_bytes(0) == 32);

  Array<float> x(1);
  EXPECT(azj_emulation_inject("cudaLaunchKernelExC", 1, cudaErrorNoKernelImageForDevice) == 0);
  EXPECT_ERROR(run(nothing, 1, 1, 0, x.get()), cudaErrorNoKernelImageForDevice);
  EXPECT_OK(run(nothing, 1, 1, 0, x.get()));

  EXPECT(azj_emulation_inject("cudaMalloc", 1, cudaErrorMemoryAllocation) == 0);
  EXPECT(azj_emulation_inject("cudaMalloc", 1, cudaSuccess) == 0);  // taken back
  EXPECT_OK(cudaMalloc(&pointer, 16));
  EXPECT(azj_emulation_inject("cudaNothing", 1, 1) == 1);
  EXPECT(azj_emulation_inject("cudaMalloc", 0, 1) == 1);

  // What loses a GPU loses an emulated one.
  EXPECT(azj_emulation_inject("cudaDeviceSynchronize", 1, cudaErrorIllegalAddress) == 0);
  EXPECT_ERROR(cudaDeviceSynchronize(), cudaErrorIllegalAddress);
  EXPECT_ERROR(cudaMalloc(&pointer, 16), cudaErrorIllegalAddress);
  EXPECT_OK(cudaSetDevice(1));
  EXPECT_OK(cudaMalloc(&pointer, 16));
  EXPECT_OK(cudaSetDevice(0));
}

TEST(every_call_is_listed_and_can_fail) {
  cudaStream_t stream;
  void* pointer = nullptr;
  EXPECT_OK(cudaMalloc(&pointer, 16));
  EXPECT_OK(cudaMalloc(&pointer, 16));
  EXPECT_OK(cudaStreamCreate(&stream));
  char text[4096];
  int64_t needed = azj_emulation_calls(text, sizeof text);
  EXPECT(needed == static_cast<int64_t>(std::strlen(text)) + 1);
  EXPECT(std::strcmp(text, "cudaMalloc 2\ncudaSetDevice 1\ncudaStreamCreate 1\n") == 0);
  char small[8];
  EXPECT(azj_emulation_calls(small, sizeof small) == needed && std::strcmp(small, "cudaMal") == 0);
  EXPECT(azj_emulation_calls(nullptr, 0) == needed);
}

}  // namespace
