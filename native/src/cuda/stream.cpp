// A CUDA stream's life, its copies, and the recording of graphs.
#include "stream.hpp"

#include <algorithm>

#include "graph.hpp"
#include "kernels.hpp"

namespace azj::cuda {

CudaStream::CudaStream(CudaDevice& device)
    : azj_stream(device), device_(device), partials_(device, static_cast<uint64_t>(sum_partials()) * sizeof(double)) {
  // Non-blocking: no implicit wait for the default stream, which other libraries in the process may use.
  check(cudaStreamCreateWithFlags(handle_.address(), cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
  device_.add(*this);
}

CudaStream::~CudaStream() {
  device_.remove(*this);
  if (!device_.lost()) ignore(cudaSetDevice(device_.ordinal()));
}

void* CudaStream::workspace(uint64_t bytes) {
  if (bytes > workspace_bytes_) {
    // Twice the last at least: all of them together are less than twice the largest.
    const uint64_t size = std::max(bytes, 2 * workspace_bytes_);
    workspaces_.push_back(std::make_unique<Scratch>(device_, size));
    workspace_bytes_ = size;
  }
  return bytes == 0 ? nullptr : workspaces_.back()->as<void>();
}

void CudaStream::require_running(const char* what) const {
  if (recording_) {
    fail(AZJ_INVALID_ARGUMENT, "the stream records a graph, and %s cannot be recorded; call azj_graph_end() first", what);
  }
}

void* CudaStream::native() {
  return device_.enter([&] { return static_cast<void*>(handle()); });
}

void CudaStream::synchronize() {
  require_running("azj_synchronize()");
  device_.enter([&] { check(cudaStreamSynchronize(handle()), "cudaStreamSynchronize"); });
}

void CudaStream::finish() {
  if (device_.lost()) return;
  device_.enter([&] {
    if (recording_) {
      GraphHandle discarded;
      ignore(cudaStreamEndCapture(handle(), discarded.address()));
      set_recording(false);
    }
    check(cudaStreamSynchronize(handle()), "cudaStreamSynchronize");
  });
}

// A copy by the host from or to device memory would end the process.
void CudaStream::check_host_pointer(const char* name, const void* memory, const char* instead) {
  cudaPointerAttributes attributes{};
  check(cudaPointerGetAttributes(&attributes, memory), "cudaPointerGetAttributes");
  if (attributes.type == cudaMemoryTypeDevice) {
    fail(AZJ_INVALID_ARGUMENT, "%s (%p) is device memory; %s", name, memory, instead);
  }
}

void CudaStream::upload(void* dst, const void* src, uint64_t bytes) {
  require_running("azj_upload(), whose host memory may change after the call,");
  run({{"device_dst", dst, bytes}}, [&] {
    check_host_pointer("host_src", src, "azj_copy() copies from device to device");
    staging_.upload(handle(), dst, src, bytes);
  });
}

void CudaStream::download(void* dst, const void* src, uint64_t bytes) {
  require_running("azj_download(), which waits for the data,");
  run({{"device_src", src, bytes}}, [&] {
    check_host_pointer("host_dst", dst, "azj_copy() copies from device to device");
    check(cudaMemcpyAsync(dst, src, bytes, cudaMemcpyDeviceToHost, handle()), "cudaMemcpyAsync");
    check(cudaStreamSynchronize(handle()), "cudaStreamSynchronize");
  });
}

void CudaStream::copy(void* dst, const void* src, uint64_t bytes) {
  run({{"device_dst", dst, bytes}, {"device_src", src, bytes}}, [&] {
    check(cudaMemcpyAsync(dst, src, bytes, cudaMemcpyDeviceToDevice, handle()), "cudaMemcpyAsync");
  });
}

void CudaStream::upload_async(void* dst, const void* host_src, uint64_t bytes) {
  run({{"device_dst", dst, bytes}}, [&] {
    if (recording_) uses_.insert(device_.host_allocations().find(host_src).start);
    check(cudaMemcpyAsync(dst, host_src, bytes, cudaMemcpyHostToDevice, handle()), "cudaMemcpyAsync");
  });
}

void CudaStream::download_async(void* host_dst, const void* src, uint64_t bytes) {
  run({{"device_src", src, bytes}}, [&] {
    if (recording_) uses_.insert(device_.host_allocations().find(host_dst).start);
    check(cudaMemcpyAsync(host_dst, src, bytes, cudaMemcpyDeviceToHost, handle()), "cudaMemcpyAsync");
  });
}

void CudaStream::set_recording(bool recording) {
  std::lock_guard<std::mutex> lock(device_.mutex());
  recording_ = recording;
}

void CudaStream::graph_begin() {
  require_running("a second graph");
  device_.enter([&] {
    check(cudaStreamSynchronize(handle()), "cudaStreamSynchronize");
    uses_.clear();
    // Relaxed: what other threads do with CUDA meanwhile is no business of this recording. Under the lock, because a
    // free in another thread records an event on each stream that is not recording.
    std::lock_guard<std::mutex> lock(device_.mutex());
    check(cudaStreamBeginCapture(handle(), cudaStreamCaptureModeRelaxed), "cudaStreamBeginCapture");
    recording_ = true;
  });
}

std::unique_ptr<azj_graph> CudaStream::graph_end() {
  if (!recording_) fail(AZJ_INVALID_ARGUMENT, "the stream records no graph; call azj_graph_begin() first");
  GraphHandle recorded;
  return device_.enter([&]() -> std::unique_ptr<azj_graph> {
    const cudaError_t error = cudaStreamEndCapture(handle(), recorded.address());
    set_recording(false);
    check(error, "cudaStreamEndCapture");
    return std::make_unique<CudaGraph>(*this, recorded.get(), std::move(uses_));
  });
}

}  // namespace azj::cuda
