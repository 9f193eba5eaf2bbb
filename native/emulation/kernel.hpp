// A kernel with its arguments, type erased: what launch.cuh hands to the emulation, and what a stream or a graph keeps.
#pragma once

#include <cstddef>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "driver_types.h"

namespace azj::emulation {

struct Kernel {
  const void* function = nullptr;
  void (*invoke)(const void* function, const void* arguments) = nullptr;  // runs one thread
  std::shared_ptr<const void> arguments;
  std::vector<const void*> pointers;  // those among the arguments, to be checked against the device's memory
  void* (*thread_storage)() = nullptr;
};

// The address of a variable of the calling OS thread that belongs to the library the kernel is in. The library's shared
// variables are near it (memory_checks.cpp).
__attribute__((visibility("hidden"))) inline void* thread_storage_of_this_library() {
  static __thread char anchor;
  return &anchor;
}

template <class T>
void note_pointer(Kernel& kernel, const T& argument) {
  if constexpr (std::is_pointer_v<T>) kernel.pointers.push_back(argument);
}

// The arguments are converted to the kernel's parameter types once, here, as in a real launch; every thread gets its
// own copy when it is called.
template <class... P, class... A>
Kernel bind(void (*kernel)(P...), A&&... args) {
  static_assert(sizeof...(P) == sizeof...(A), "a launch passes one argument for each parameter of the kernel");
  static_assert((std::is_trivially_copyable_v<std::remove_reference_t<P>> && ...), "CUDA copies arguments bytewise");
  static_assert((!std::is_reference_v<P> && ...), "a reference would be to host memory");
  using Arguments = std::tuple<std::remove_cv_t<P>...>;
  auto arguments = std::make_shared<const Arguments>(static_cast<P>(std::forward<A>(args))...);
  Kernel bound;
  bound.function = reinterpret_cast<const void*>(kernel);
  bound.invoke = [](const void* function, const void* values) {
    std::apply(reinterpret_cast<void (*)(P...)>(const_cast<void*>(function)), *static_cast<const Arguments*>(values));
  };
  std::apply([&bound](const auto&... value) { (note_pointer(bound, value), ...); }, *arguments);
  bound.arguments = std::move(arguments);
  bound.thread_storage = &thread_storage_of_this_library;
  return bound;
}

// cudaLaunchKernelExC of the emulation: checks the launch and queues it on the stream.
// cluster: blocks along x that run together. early: as launch_early() in launch.cuh.
cudaError_t launch_kernel(const Kernel& kernel, dim3 grid, dim3 block, size_t shared_bytes, cudaStream_t stream,
                          unsigned cluster = 1, bool early = false);

}  // namespace azj::emulation
