// CUDA objects that destroy themselves.
#pragma once

#include <cuda_runtime.h>

#include "check.hpp"

namespace azj::cuda {

// destroy is called in a destructor, so its failure is nobody's to hear.
template <class T, cudaError_t (*destroy)(T)>
class Handle {
 public:
  Handle() = default;
  explicit Handle(T value) : value_(value) {}
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() {
    if (value_ != nullptr) ignore(destroy(value_));
  }

  T get() const { return value_; }
  // For functions that create the object: check(cudaGraphInstantiate(handle.address(), ...), ...)
  T* address() { return &value_; }

 private:
  T value_ = nullptr;
};

using StreamHandle = Handle<cudaStream_t, cudaStreamDestroy>;
using EventHandle = Handle<cudaEvent_t, cudaEventDestroy>;
using GraphHandle = Handle<cudaGraph_t, cudaGraphDestroy>;
using GraphExecHandle = Handle<cudaGraphExec_t, cudaGraphExecDestroy>;
using HostHandle = Handle<void*, cudaFreeHost>;

}  // namespace azj::cuda
