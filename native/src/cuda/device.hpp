// A CUDA device: its memory, and what its streams, events and graphs share.
#pragma once

#include <cuda_runtime.h>

#include <atomic>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "../backend.hpp"
#include "handle.hpp"

namespace azj::cuda {

class CudaStream;
class CudaGraph;

// A pointer of an operation, with its name in azulejo.h; nullptr where the operation leaves it out.
struct Operand {
  const char* name;
  const void* memory;
  uint64_t bytes = 1;  // that the operation touches from there on, as far as it is known without effort
};

// Every public method may be called from any thread.
class CudaDevice final : public azj_device {
 public:
  // kind: what the device calls itself, AZJ_DEVICE_CUDA or AZJ_DEVICE_EMULATED.
  CudaDevice(int32_t kind, int32_t ordinal);
  ~CudaDevice() override;

  void query(azj_device_info& info) override;
  void* alloc(uint64_t bytes) override;
  void free(void* memory) override;
  uint64_t live_bytes() override { return allocations_.live_bytes(); }
  void* host_alloc(uint64_t bytes) override;
  void host_free(void* memory) override;
  Allocations& host_allocations() override { return host_allocations_; }
  std::unique_ptr<azj_stream> open_stream(int32_t threads) override;
  std::unique_ptr<azj_event> open_event() override;

  // Runs body() with this device as the calling thread's. An error that loses the device is remembered: every later
  // enter() throws it again, because CUDA would answer each call with it, and with less to say.
  template <class Body>
  auto enter(Body&& body) {
    require_present();
    try {
      check(cudaSetDevice(ordinal_), "cudaSetDevice");
      return std::forward<Body>(body)();
    } catch (const Error& error) {
      if (error.status() == AZJ_DEVICE_LOST) lose(error.what());
      throw;
    }
  }

  bool lost() const { return lost_.load(std::memory_order_acquire); }

  // Throws AZJ_INVALID_ARGUMENT unless each operand lies in a live allocation of this device: a kernel that reads another
  // device's memory, or the host's, would lose the device. uses, when not nullptr, receives the allocations.
  void check_memory(const Operand* operands, size_t count, std::unordered_set<const void*>* uses);

  // Memory for the library itself, not counted as live bytes; usable by every stream. Inside enter().
  void* take(uint64_t bytes);
  // Work of a stream that used it must be done.
  void give(void* memory) noexcept;

  // What free() has to know. Guarded by mutex(), as is a stream's recording().
  std::mutex& mutex() { return mutex_; }
  void add(CudaStream& stream);
  void remove(CudaStream& stream) noexcept;
  void add(CudaGraph& graph);
  void remove(CudaGraph& graph) noexcept;

  int32_t kind() const { return kind_; }
  int32_t ordinal() const { return ordinal_; }
  const std::string& name() const { return name_; }
  int capability() const { return capability_; }

 private:
  void require_present() const {
    if (lost()) throw_lost();
  }
  [[noreturn]] void throw_lost() const;
  void lose(const char* text) noexcept;
  void wait_for_streams();
  void mark_stale(const void* memory);

  const int32_t kind_, ordinal_;
  std::string name_;
  int capability_ = 0, multiprocessors_ = 0;
  cudaMemPool_t pool_ = nullptr;
  StreamHandle memory_stream_;  // allocations and frees happen in its order
  EventHandle handed_over_;     // what free() lets memory_stream_ wait for

  Allocations allocations_{"azj_alloc"};
  Allocations host_allocations_{"azj_host_alloc"};

  std::mutex mutex_;
  std::vector<CudaStream*> streams_;
  std::vector<CudaGraph*> graphs_;

  std::atomic<bool> lost_{false};
  mutable std::mutex lost_mutex_;
  std::string lost_text_;
};

// A buffer of the library's own.
class Scratch {
 public:
  Scratch(CudaDevice& device, uint64_t bytes) : device_(device), memory_(device.take(bytes)) {}
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { device_.give(memory_); }

  template <class T>
  T* as() const {
    return static_cast<T*>(memory_);
  }

 private:
  CudaDevice& device_;
  void* const memory_;
};

// Devices there are: 0, without an error, where CUDA says that there is no driver or no device.
int32_t count_devices();

// Throws AZJ_NO_DEVICE with the reason.
std::unique_ptr<azj_device> open_device(int32_t kind, int32_t ordinal);

// "cuda 13.0: sm_75, ..."
std::string build_text();

}  // namespace azj::cuda
