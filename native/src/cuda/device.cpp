// Opening a device, what it says of itself, and its end. Its memory is in memory.cpp.
#include "device.hpp"

#include <algorithm>
#include <cinttypes>
#include <cstdio>

#include "architectures.hpp"
#include "event.hpp"
#include "graph.hpp"
#include "stream.hpp"

namespace azj::cuda {

namespace {

int attribute(cudaDeviceAttr name, int ordinal) {
  int value = 0;
  check(cudaDeviceGetAttribute(&value, name, ordinal), "cudaDeviceGetAttribute");
  return value;
}

}  // namespace

CudaDevice::CudaDevice(int32_t kind, int32_t ordinal) : kind_(kind), ordinal_(ordinal) {
  cudaDeviceProp properties{};
  check(cudaGetDeviceProperties(&properties, ordinal), "cudaGetDeviceProperties");
  name_ = properties.name;
  multiprocessors_ = properties.multiProcessorCount;
  capability_ = properties.major * 10 + properties.minor;
  if (!runs_on(properties.major, properties.minor)) {
    fail(AZJ_NO_DEVICE,
         "CUDA device %d (%s) has compute capability %d.%d, for which this build of libazulejo has no kernels: it was "
         "built for %s. Build it with %d in AZJ_CUDA_ARCHITECTURES",
         ordinal, name_.c_str(), properties.major, properties.minor, architectures_text().c_str(), capability_);
  }
  if (attribute(cudaDevAttrMemoryPoolsSupported, ordinal) == 0) {
    fail(AZJ_NO_DEVICE,
         "CUDA device %d (%s) has no memory pools, which this library allocates from; on a virtual GPU, its "
         "administrator can enable unified memory",
         ordinal, name_.c_str());
  }
  check(cudaSetDevice(ordinal), "cudaSetDevice");
  check(cudaDeviceGetDefaultMemPool(&pool_, ordinal), "cudaDeviceGetDefaultMemPool");
  // Memory that was freed stays with the process until the device is closed: the next allocation is then quick.
  uint64_t keep = UINT64_MAX;
  check(cudaMemPoolSetAttribute(pool_, cudaMemPoolAttrReleaseThreshold, &keep), "cudaMemPoolSetAttribute");
  check(cudaStreamCreateWithFlags(memory_stream_.address(), cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
  check(cudaEventCreateWithFlags(handed_over_.address(), cudaEventDisableTiming), "cudaEventCreateWithFlags");
}

CudaDevice::~CudaDevice() {
  if (lost()) return;
  ignore(cudaSetDevice(ordinal_));
  ignore(cudaStreamSynchronize(memory_stream_.get()));
  ignore(cudaMemPoolTrimTo(pool_, 0));
}

void CudaDevice::query(azj_device_info& info) {
  enter([&] {
    size_t free = 0, total = 0;
    check(cudaMemGetInfo(&free, &total), "cudaMemGetInfo");
    info.kind = kind_;
    info.ordinal = ordinal_;
    info.compute_units = multiprocessors_;
    info.capability = capability_;
    info.total_bytes = total;
    info.free_bytes = free;
    std::snprintf(info.name, sizeof info.name, "%s", name_.c_str());
    std::snprintf(info.instruction_set, sizeof info.instruction_set, "sm_%d", capability_);
  });
}

std::unique_ptr<azj_stream> CudaDevice::open_stream(int32_t threads) {
  if (threads != 0) {
    fail(AZJ_INVALID_ARGUMENT, "threads is %d; it is the size of a CPU stream's team, and a CUDA stream takes 0 only",
         threads);
  }
  return enter([&]() -> std::unique_ptr<azj_stream> { return std::make_unique<CudaStream>(*this); });
}

std::unique_ptr<azj_event> CudaDevice::open_event() {
  return enter([&]() -> std::unique_ptr<azj_event> { return std::make_unique<CudaEvent>(*this); });
}

void CudaDevice::throw_lost() const {
  std::lock_guard<std::mutex> lock(lost_mutex_);
  throw Error(AZJ_DEVICE_LOST, "CUDA device " + std::to_string(ordinal_) + " was lost in an earlier call: " + lost_text_);
}

void CudaDevice::lose(const char* text) noexcept {
  std::lock_guard<std::mutex> lock(lost_mutex_);
  if (lost_.load(std::memory_order_relaxed)) return;  // the first cause is the one to tell
  try {
    lost_text_ = text;
  } catch (const std::bad_alloc&) {
    // The text stays empty; that the device is lost does not depend on it.
  }
  lost_.store(true, std::memory_order_release);
}

void CudaDevice::add(CudaStream& stream) {
  std::lock_guard<std::mutex> lock(mutex_);
  streams_.push_back(&stream);
}

void CudaDevice::remove(CudaStream& stream) noexcept {
  std::lock_guard<std::mutex> lock(mutex_);
  streams_.erase(std::remove(streams_.begin(), streams_.end(), &stream), streams_.end());
}

void CudaDevice::add(CudaGraph& graph) {
  std::lock_guard<std::mutex> lock(mutex_);
  graphs_.push_back(&graph);
}

void CudaDevice::remove(CudaGraph& graph) noexcept {
  std::lock_guard<std::mutex> lock(mutex_);
  graphs_.erase(std::remove(graphs_.begin(), graphs_.end(), &graph), graphs_.end());
}

int32_t count_devices() {
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  if (error != cudaSuccess && status_of(error) == AZJ_NO_DEVICE) {
    ignore(cudaGetLastError());
    return 0;
  }
  check(error, "cudaGetDeviceCount");
  return count;
}

std::unique_ptr<azj_device> open_device(int32_t kind, int32_t ordinal) {
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  if (error != cudaSuccess && status_of(error) == AZJ_NO_DEVICE) {
    ignore(cudaGetLastError());
    throw Error(AZJ_NO_DEVICE, "CUDA device " + std::to_string(ordinal) + " was asked for, but " +
                                   explain_no_device(error) + " (" + cudaGetErrorName(error) + ")");
  }
  check(error, "cudaGetDeviceCount");
  if (ordinal < 0 || ordinal >= count) {
    fail(AZJ_NO_DEVICE, "CUDA device %d was asked for; there %s %d, ordinal%s 0%s", ordinal, count == 1 ? "is" : "are",
         count, count == 1 ? "" : "s", count == 1 ? "" : (" to " + std::to_string(count - 1)).c_str());
  }
  return std::make_unique<CudaDevice>(kind, ordinal);
}

std::string build_text() {
  int runtime = 0;
  ignore(cudaRuntimeGetVersion(&runtime));
  return "cuda " + std::to_string(runtime / 1000) + "." + std::to_string(runtime % 1000 / 10) + ": " +
         architectures_text();
}

}  // namespace azj::cuda
