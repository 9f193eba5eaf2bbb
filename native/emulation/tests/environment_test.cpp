// What the environment changes: run by ctest with variables set; without them it says so and passes over the case.
#include <cstdlib>

#include "harness.hpp"

using namespace test;

namespace {

bool set(const char* name, const char* value) {
  const char* actual = std::getenv(name);
  return actual != nullptr && std::strcmp(actual, value) == 0;
}

__global__ void copy_one(const float* x, float* y) { *y = *x; }

TEST(no_device) {
  if (!set("AZULEJO_EMULATION_DEVICES", "0")) return;
  int count = -1;
  void* pointer = nullptr;
  cudaStream_t stream;
  EXPECT_ERROR(cudaGetDeviceCount(&count), cudaErrorNoDevice);
  EXPECT(count == 0);
  EXPECT_ERROR(cudaSetDevice(0), cudaErrorNoDevice);
  EXPECT_ERROR(cudaMalloc(&pointer, 16), cudaErrorNoDevice);
  EXPECT_ERROR(cudaStreamCreate(&stream), cudaErrorNoDevice);
  EXPECT_ERROR(cudaDeviceSynchronize(), cudaErrorNoDevice);
  EXPECT_FAULT_SAYS("AZULEJO_EMULATION_DEVICES");
}

TEST(an_older_and_smaller_device) {
  if (!set("AZULEJO_EMULATION_CAPABILITY", "75")) return;
  int value = 0;
  size_t free_bytes = 0, total = 0;
  EXPECT_OK(cudaDeviceGetAttribute(&value, cudaDevAttrMaxSharedMemoryPerBlockOptin, 0));
  EXPECT(value == 64 * 1024);
  EXPECT_ERROR(cudaFuncSetAttribute(copy_one, cudaFuncAttributeMaxDynamicSharedMemorySize, 64 * 1024 + 1),
               cudaErrorInvalidValue);
  EXPECT_OK(cudaMemGetInfo(&free_bytes, &total));
  EXPECT(total == 3 << 20);
  void* pointer = nullptr;
  EXPECT_ERROR(cudaMalloc(&pointer, total + 1), cudaErrorMemoryAllocation);
  EXPECT_OK(cudaMalloc(&pointer, total));
}

TEST(an_older_device_has_no_clusters_and_begins_nothing_early) {
  if (!set("AZULEJO_EMULATION_CAPABILITY", "75")) return;
  Array<float> x(std::vector<float>{1}), y(1);
  const auto refused = [&](unsigned cluster) {
    try {
      azj::cuda::launch_early(copy_one, 2, cluster, 1, 0, nullptr, x.get(), y.get());
    } catch (const azj::cuda::Refused& refusal) {
      return refusal.error;
    }
    return cudaSuccess;
  };
  EXPECT_ERROR(refused(2), cudaErrorInvalidClusterSize);
  EXPECT_ERROR(refused(1), cudaErrorNotSupported);
}

#ifdef AZJ_EMULATION_CHECKED
TEST(device_memory_has_to_be_written_before_it_is_read) {
  if (!set("AZULEJO_EMULATION_INITCHECK", "1")) return;
  Array<float> x(5), y(1), z(std::vector<float>{3});
  EXPECT_OK(run(copy_one, 1, 1, 0, z.get(), y.get()));
  EXPECT_OK(run(copy_one, 1, 1, 0, y.get(), x.get() + 1));
  EXPECT_OK(run(copy_one, 1, 1, 0, x.get() + 1, y.get()));
  EXPECT_OK(cudaMemset(x.get() + 4, 0, 4));
  EXPECT_OK(run(copy_one, 1, 1, 0, x.get() + 4, y.get()));
  EXPECT_ERROR(run(copy_one, 1, 1, 0, x.get(), y.get()), cudaErrorLaunchFailure);
  EXPECT_FAULT_SAYS("device memory that was not written");
}
#endif

}  // namespace
