// A test program is a list of cases; each says what it saw when that is not what it wanted.
#pragma once

#include <cuda_runtime.h>

#include <cmath>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include "azj_emulation.h"

namespace azj::cuda {
// Takes the place of src/cuda/check.cpp: a refused launch is an exception that carries the error.
struct Refused {
  cudaError_t error;
};
void check(cudaError_t error, const char*) {
  if (error != cudaSuccess) throw Refused{error};
}
}  // namespace azj::cuda

namespace test {

using azj::cuda::launch;

struct Case {
  const char* name;
  void (*run)();
};
inline std::vector<Case>& cases() {
  static std::vector<Case> all;
  return all;
}
struct Register {
  Register(const char* name, void (*run)()) { cases().push_back({name, run}); }
};
inline int failures = 0;

#define TEST(name)                                             \
  static void name();                                          \
  static const ::test::Register register_##name(#name, &name); \
  static void name()

#define EXPECT(condition)                                                 \
  do {                                                                    \
    if (!(condition)) {                                                   \
      std::printf("%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
      ++::test::failures;                                                 \
    }                                                                     \
  } while (0)

inline void expect_error(cudaError_t actual, cudaError_t wanted, const char* what, int line) {
  if (actual == wanted) return;
  std::printf("line %d: %s gave %s instead of %s; emulation: %s\n", line, what, cudaGetErrorName(actual),
              cudaGetErrorName(wanted), azj_emulation_fault());
  ++failures;
}
#define EXPECT_ERROR(call, wanted) ::test::expect_error((call), (wanted), #call, __LINE__)
#define EXPECT_OK(call) EXPECT_ERROR(call, cudaSuccess)

inline void expect_text(const char* part, int line) {
  if (std::strstr(azj_emulation_fault(), part) != nullptr) return;
  std::printf("line %d: the fault \"%s\" does not say \"%s\"\n", line, azj_emulation_fault(), part);
  ++failures;
}
#define EXPECT_FAULT_SAYS(part) ::test::expect_text(part, __LINE__)

inline void expect_close(double actual, double wanted, double tolerance, const char* what, int line) {
  if (std::fabs(actual - wanted) <= tolerance) return;  // a NaN is not close to anything
  std::printf("line %d: %s is %.9g instead of %.9g\n", line, what, actual, wanted);
  ++failures;
}
#define EXPECT_CLOSE(actual, wanted, tolerance) ::test::expect_close((actual), (wanted), (tolerance), #actual, __LINE__)

// An array of device memory, filled from and read to the host.
template <class T>
class Array {
 public:
  explicit Array(size_t count) : count_(count) { EXPECT_OK(cudaMalloc(&data_, count * sizeof(T))); }
  explicit Array(const std::vector<T>& values) : Array(values.size()) {
    EXPECT_OK(cudaMemcpy(data_, values.data(), count_ * sizeof(T), cudaMemcpyHostToDevice));
  }
  ~Array() { cudaFree(data_); }
  Array(const Array&) = delete;
  Array& operator=(const Array&) = delete;
  T* get() const { return data_; }
  std::vector<T> read() const {
    std::vector<T> values(count_);
    EXPECT_OK(cudaMemcpy(values.data(), data_, count_ * sizeof(T), cudaMemcpyDeviceToHost));
    return values;
  }

 private:
  T* data_ = nullptr;
  size_t count_;
};

// The error of launching, or else of what the kernel did.
template <class... P, class... A>
cudaError_t run(void (*kernel)(P...), dim3 grid, dim3 block, size_t shared, A... args) {
  try {
    launch(kernel, grid, block, shared, nullptr, args...);
  } catch (const azj::cuda::Refused& refused) {
    return refused.error;
  }
  return cudaDeviceSynchronize();
}

}  // namespace test

// A program's main, or what load.cpp calls in a library.
#ifdef AZJ_EMULATION_TEST_LIBRARY
extern "C" __attribute__((visibility("default"))) int emulation_tests() {
#else
int main() {
#endif
  for (const ::test::Case& each : ::test::cases()) {
    int before = ::test::failures;
    azj_emulation_reset();
    cudaSetDevice(0);
    try {
      each.run();
    } catch (const azj::cuda::Refused& refused) {
      std::printf("launch refused: %s; %s\n", cudaGetErrorName(refused.error), azj_emulation_fault());
      ++::test::failures;
    }
    std::printf("%s %s\n", ::test::failures == before ? "ok  " : "FAIL", each.name);
  }
  std::printf("%zu cases, %d failures\n", ::test::cases().size(), ::test::failures);
  return ::test::failures == 0 ? 0 : 1;
}
