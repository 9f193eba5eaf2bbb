// A device with a stream, and memory that goes with them, for tests that run on the emulated CUDA device.
#pragma once

#include "azj_emulation.h"
#include "check.hpp"

constexpr azj_status kInvalid = AZJ_INVALID_ARGUMENT;

struct Machine {
  Machine(int32_t kind, int32_t ordinal) {
    OK(azj_device_open(kind, ordinal, &device));
    OK(azj_stream_open(device, 0, &stream));
  }
  ~Machine() {
    OK(azj_stream_close(stream));
    for (void* memory : owned) OK(azj_free(device, memory));
    for (void* memory : owned_host) OK(azj_host_free(device, memory));
    OK(azj_device_close(device));
  }
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  template <class T = float>
  T* alloc(uint64_t count) {
    void* memory = nullptr;
    OK(azj_alloc(device, count * sizeof(T), &memory));
    owned.push_back(memory);
    return static_cast<T*>(memory);
  }

  template <class T = float>
  T* host_alloc(uint64_t count) {
    void* memory = nullptr;
    OK(azj_host_alloc(device, count * sizeof(T), &memory));
    owned_host.push_back(memory);
    return static_cast<T*>(memory);
  }

  template <class T>
  T* upload(const std::vector<T>& values) {
    T* memory = alloc<T>(values.size());
    OK(azj_upload(stream, memory, values.data(), values.size() * sizeof(T)));
    return memory;
  }

  template <class T>
  std::vector<T> download(const T* memory, uint64_t count) {
    std::vector<T> values(count);
    OK(azj_download(stream, values.data(), memory, count * sizeof(T)));
    return values;
  }

  void release(void* memory) {
    for (size_t i = 0; i < owned.size(); ++i) {
      if (owned[i] == memory) owned.erase(owned.begin() + static_cast<std::ptrdiff_t>(i--));
    }
    OK(azj_free(device, memory));
  }

  azj_device* device = nullptr;
  azj_stream* stream = nullptr;
  std::vector<void*> owned, owned_host;
};

struct Emulated : Machine {
  explicit Emulated(int32_t ordinal = 0) : Machine(AZJ_DEVICE_EMULATED, ordinal) {}
};
