// Device memory for the tests of the CUDA launchers: guarded on both sides, poisoned where it is an output.
#pragma once

#include <cuda_runtime.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "check.hpp"

// A failed CUDA call ends the test: nothing after it would mean anything.
#define CUDA(call)                                                                                  \
  do {                                                                                              \
    const cudaError_t cuda_error = (call);                                                          \
    if (cuda_error != cudaSuccess) {                                                                \
      std::printf("%s:%d: %s: %s\n", __FILE__, __LINE__, #call, cudaGetErrorString(cuda_error));    \
      std::exit(1);                                                                                 \
    }                                                                                               \
  } while (false)

inline void finish_stream(cudaStream_t stream) {
  CUDA(cudaGetLastError());
  CUDA(cudaStreamSynchronize(stream));
}

// `count` elements, `offset` elements beyond an address aligned to 256 bytes.
template <class T>
class DeviceArray {
 public:
  static constexpr size_t kMargin = 256;           // bytes on both sides that nobody may write to
  static constexpr unsigned char kSentinel = 0xA5;
  static constexpr unsigned char kPoison = 0xFF;   // a NaN, or -1

  DeviceArray(size_t count, size_t offset) : count_(count), before_(kMargin + offset * sizeof(T)) {
    std::vector<unsigned char> bytes(before_ + count * sizeof(T) + kMargin, kSentinel);
    std::memset(bytes.data() + before_, kPoison, count * sizeof(T));
    size_ = bytes.size();
    CUDA(cudaMalloc(&memory_, size_));
    CUDA(cudaMemcpy(memory_, bytes.data(), size_, cudaMemcpyHostToDevice));
  }
  explicit DeviceArray(const std::vector<T>& values, size_t offset = 0) : DeviceArray(values.size(), offset) {
    write(values);
  }
  ~DeviceArray() { CUDA(cudaFree(memory_)); }
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;

  T* data() { return reinterpret_cast<T*>(memory_ + before_); }

  void write(const std::vector<T>& values) {
    CUDA(cudaMemcpy(data(), values.data(), count_ * sizeof(T), cudaMemcpyHostToDevice));
  }

  std::vector<T> read() {
    std::vector<unsigned char> bytes(size_);
    CUDA(cudaMemcpy(bytes.data(), memory_, size_, cudaMemcpyDeviceToHost));
    const size_t end = before_ + count_ * sizeof(T);
    for (size_t i = 0; i < size_; ++i) {
      if ((i < before_ || i >= end) && bytes[i] != kSentinel) {
        ++failures;
        std::printf("written %zu bytes %s an array of %zu bytes\n", i < before_ ? before_ - i : i - end,
                    i < before_ ? "before" : "after", end - before_);
        break;
      }
    }
    std::vector<T> values(count_);
    // An empty vector's data may be null, which memcpy() does not take even for no bytes.
    if (count_ > 0) std::memcpy(values.data(), bytes.data() + before_, count_ * sizeof(T));
    return values;
  }

 private:
  size_t count_, before_, size_ = 0;
  unsigned char* memory_ = nullptr;
};

// An output, poisoned.
template <class T>
DeviceArray<T> poisoned(size_t count, size_t offset = 0) {
  return DeviceArray<T>(count, offset);
}
