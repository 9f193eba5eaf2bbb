#include "azj_emulation.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "memory.hpp"
#include "runtime.hpp"

using namespace azj::emulation;

namespace {

const char* const kFunctions[] = {"cudaGetDeviceCount",
                                  "cudaSetDevice",
                                  "cudaGetDevice",
                                  "cudaDeviceGetAttribute",
                                  "cudaGetDeviceProperties",
                                  "cudaDeviceSynchronize",
                                  "cudaDriverGetVersion",
                                  "cudaRuntimeGetVersion",
                                  "cudaMemGetInfo",
                                  "cudaMalloc",
                                  "cudaFree",
                                  "cudaMallocAsync",
                                  "cudaFreeAsync",
                                  "cudaMallocHost",
                                  "cudaHostAlloc",
                                  "cudaFreeHost",
                                  "cudaPointerGetAttributes",
                                  "cudaMemcpy",
                                  "cudaMemcpyAsync",
                                  "cudaMemset",
                                  "cudaMemsetAsync",
                                  "cudaDeviceGetDefaultMemPool",
                                  "cudaMemPoolSetAttribute",
                                  "cudaMemPoolGetAttribute",
                                  "cudaMemPoolTrimTo",
                                  "cudaStreamCreate",
                                  "cudaStreamCreateWithFlags",
                                  "cudaStreamDestroy",
                                  "cudaStreamSynchronize",
                                  "cudaStreamQuery",
                                  "cudaStreamWaitEvent",
                                  "cudaEventCreate",
                                  "cudaEventCreateWithFlags",
                                  "cudaEventDestroy",
                                  "cudaEventRecord",
                                  "cudaEventQuery",
                                  "cudaEventSynchronize",
                                  "cudaEventElapsedTime",
                                  "cudaStreamBeginCapture",
                                  "cudaStreamEndCapture",
                                  "cudaStreamIsCapturing",
                                  "cudaGraphInstantiate",
                                  "cudaGraphUpload",
                                  "cudaGraphLaunch",
                                  "cudaGraphGetNodes",
                                  "cudaGraphNodeGetType",
                                  "cudaGraphDestroy",
                                  "cudaGraphExecDestroy",
                                  "cudaFuncSetAttribute",
                                  "cudaFuncGetAttributes",
                                  "cudaOccupancyMaxActiveBlocksPerMultiprocessor",
                                  "cudaGetDriverEntryPointByVersion",
                                  "cuTensorMapEncodeTiled",
                                  "cuTensorMapEncodeIm2col",
                                  "cudaLaunchKernelExC"};

}  // namespace

const char* azj_emulation_fault(void) {
  static thread_local std::string text;
  Runtime& runtime = Runtime::instance();
  std::lock_guard<std::mutex> lock(runtime.mutex);
  text = runtime.fault;
  return text.c_str();
}

int32_t azj_emulation_inject(const char* function, int32_t nth_call, int32_t error) {
  auto known = [function](const char* name) { return std::strcmp(name, function) == 0; };
  if (function == nullptr || std::none_of(std::begin(kFunctions), std::end(kFunctions), known)) return 1;
  Runtime& runtime = Runtime::instance();
  std::lock_guard<std::mutex> lock(runtime.mutex);
  if (error == cudaSuccess) {
    auto& all = runtime.injections;
    all.erase(std::remove_if(all.begin(), all.end(),
                             [function](const Runtime::Injection& each) { return each.function == function; }),
              all.end());
    return 0;
  }
  if (nth_call < 1) return 1;
  runtime.injections.push_back({function, static_cast<uint64_t>(nth_call), static_cast<cudaError_t>(error)});
  return 0;
}

int64_t azj_emulation_calls(char* text, int64_t bytes) {
  Runtime& runtime = Runtime::instance();
  std::lock_guard<std::mutex> lock(runtime.mutex);
  std::string all;
  for (const auto& entry : runtime.calls) all += entry.first + " " + std::to_string(entry.second) + "\n";
  if (text != nullptr && bytes > 0) {
    size_t copied = std::min(all.size(), static_cast<size_t>(bytes) - 1);
    std::memcpy(text, all.data(), copied);
    text[copied] = '\0';
  }
  return static_cast<int64_t>(all.size()) + 1;
}

int64_t azj_emulation_live_bytes(int32_t device) {
  Runtime& runtime = Runtime::instance();
  std::lock_guard<std::mutex> lock(runtime.mutex);
  return static_cast<int64_t>(live_bytes(device));
}

void azj_emulation_reset(void) {
  Runtime& runtime = Runtime::instance();
  std::lock_guard<std::mutex> lock(runtime.mutex);
  runtime.reset();
  last_error() = cudaSuccess;
}
