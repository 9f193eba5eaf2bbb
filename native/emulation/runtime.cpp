#include "runtime.hpp"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>

#include "memory.hpp"
#include "memory_checks.hpp"
#include "runner.hpp"

namespace azj::emulation {

namespace {

// A queue on a GPU is finite as well: a program that never waits is made to.
constexpr size_t kMaxQueued = 4096;

long number_from_environment(const char* name, long otherwise) {
  const char* value = std::getenv(name);
  return value != nullptr ? std::atol(value) : otherwise;
}

// The most shared memory of a block, in KB, by compute capability (CUDA C++ Programming Guide, technical
// specifications).
int shared_kilobytes(int capability) {
  switch (capability) {
    case 75: return 64;
    case 80: return 163;
    case 86:
    case 89:
    case 120: return 99;
    default: return 227;
  }
}

}  // namespace

Runtime& Runtime::instance() {
  static Runtime* runtime = new Runtime;
  return *runtime;
}

Runtime::Runtime() {
  long count = number_from_environment("AZULEJO_EMULATION_DEVICES", 2);
  if (const char* why = why_no_kernel_can_run()) {
    no_device = why;
    count = 0;
  }
  for (int i = 0; i < count; ++i) {
    auto device = std::make_unique<Device>();
    device->ordinal = i;
    device->capability = static_cast<int>(number_from_environment("AZULEJO_EMULATION_CAPABILITY", 90));
    device->total = static_cast<size_t>(number_from_environment("AZULEJO_EMULATION_MEMORY", 4096)) << 20;
    device->shared_limit = static_cast<size_t>(shared_kilobytes(device->capability)) * 1024;
    devices.push_back(std::move(device));
    pools.push_back(std::make_unique<CUmemPoolHandle_st>());
    pools.back()->device = devices.back().get();
  }
  reset();
}

void Runtime::reset() {
  streams.clear();
  events.clear();
  graphs.clear();
  executables.clear();
  dead_streams.clear();
  dead_events.clear();
  fault.clear();
  calls.clear();
  injections.clear();
  release_all(-1);
  for (auto& device : devices) {
    device->used = 0;
    device->lost = cudaSuccess;
    device->lost_text.clear();
    device->dynamic_limits.clear();
    device->pool_attributes.clear();
    auto stream = std::make_unique<CUstream_st>();
    stream->device = device.get();
    device->default_stream = stream.get();
    streams.emplace(stream.get(), std::move(stream));
  }
}

int& current_ordinal() {
  static thread_local int ordinal = 0;
  return ordinal;
}

cudaError_t& last_error() {
  static thread_local cudaError_t error = cudaSuccess;
  return error;
}

bool loses_device(cudaError_t error) {
  switch (error) {
    case cudaErrorECCUncorrectable:
    case cudaErrorIllegalAddress:
    case cudaErrorLaunchTimeout:
    case cudaErrorAssert:
    case cudaErrorHardwareStackError:
    case cudaErrorIllegalInstruction:
    case cudaErrorMisalignedAddress:
    case cudaErrorInvalidAddressSpace:
    case cudaErrorInvalidPc:
    case cudaErrorLaunchFailure: return true;
    default: return false;
  }
}

cudaError_t api_call(const char* function, const std::function<cudaError_t(Runtime&)>& body) {
  Runtime& runtime = Runtime::instance();
  std::lock_guard<std::mutex> lock(runtime.mutex);
  ++runtime.calls[function];
  cudaError_t error = cudaSuccess;
  for (size_t i = 0; i < runtime.injections.size(); ++i) {
    Runtime::Injection& injection = runtime.injections[i];
    if (injection.function != function || --injection.call != 0) continue;
    error = injection.error;
    runtime.injections.erase(runtime.injections.begin() + static_cast<ptrdiff_t>(i--));
    runtime.refuse(error, "%s failed by request of azj_emulation_inject()", function);
    size_t ordinal = static_cast<size_t>(current_ordinal());
    if (loses_device(error) && ordinal < runtime.devices.size()) {
      runtime.lose(*runtime.devices[ordinal], error, runtime.fault);
    }
  }
  if (error == cudaSuccess) error = body(runtime);
  if (error != cudaSuccess && error != cudaErrorNotReady) last_error() = error;
  return error;
}

cudaError_t Runtime::refuse(cudaError_t error, const char* pattern, ...) {
  char text[1024];
  va_list arguments;
  va_start(arguments, pattern);
  std::vsnprintf(text, sizeof text, pattern, arguments);
  va_end(arguments);
  fault = text;
  return error;
}

void Runtime::lose(Device& device, cudaError_t error, const std::string& text) {
  fault = text;
  device.lost = error;
  device.lost_text = text;
  // What was queued will never run; whoever waits for it is told that the device is lost.
  for (auto& entry : streams) {
    CUstream_st& stream = *entry.second;
    if (stream.device != &device) continue;
    for (Operation& operation : stream.queue) {
      if (operation.record) operation.record->reached = true;
    }
    stream.queue.clear();
    stream.done = stream.submitted;
  }
}

cudaError_t Runtime::refuse_without_device() {
  return refuse(cudaErrorNoDevice, "there is no emulated device: %s", no_device);
}

cudaError_t Runtime::current_device(Device*& device) {
  if (devices.empty()) return refuse_without_device();
  device = devices[static_cast<size_t>(current_ordinal())].get();
  return device->lost;
}

cudaError_t Runtime::find_stream(cudaStream_t handle, CUstream_st*& stream) {
  Device* device = nullptr;
  cudaError_t error = current_device(device);
  if (handle == nullptr || handle == cudaStreamLegacy) {
    stream = device != nullptr ? device->default_stream : nullptr;
    return error;
  }
  if (device == nullptr) return error;
  auto found = streams.find(handle);
  if (found == streams.end()) {
    return refuse(cudaErrorInvalidResourceHandle, "%p is not a stream, or one that was destroyed",
                  static_cast<void*>(handle));
  }
  stream = found->second.get();
  return stream->device->lost;
}

cudaError_t Runtime::find_event(cudaEvent_t handle, CUevent_st*& event) {
  auto found = events.find(handle);
  if (found == events.end()) {
    return refuse(cudaErrorInvalidResourceHandle, "%p is not an event, or one that was destroyed",
                  static_cast<void*>(handle));
  }
  event = found->second.get();
  return event->device->lost;
}

cudaError_t Runtime::submit(CUstream_st& stream, Operation operation) {
  if (stream.capture != nullptr) {
    Capture& capture = *stream.capture;
    if (capture.invalidated) return cudaErrorStreamCaptureInvalidated;
    capture.nodes.push_back(std::move(operation));
    capture.last[&stream] = capture.nodes.size();
    return cudaSuccess;
  }
  CUstream_st* all = stream.device->default_stream;
  auto wait_for = [&stream](CUstream_st& other) {
    if (&other == &stream || other.done == other.submitted) return;
    Operation wait;
    wait.wait = std::make_shared<Mark>();
    wait.wait->stream = &other;
    wait.wait->position = other.submitted;
    stream.queue.push_back(std::move(wait));
    ++stream.submitted;
  };
  // The default stream and the blocking ones wait for each other.
  if (&stream == all) {
    for (auto& entry : streams) {
      CUstream_st& other = *entry.second;
      if (other.device != stream.device || !other.blocking) continue;
      if (other.capture != nullptr) {
        other.capture->invalidated = true;
        return refuse(cudaErrorStreamCaptureImplicit,
                      "the default stream would have to wait for a stream that captures");
      }
      wait_for(other);
    }
  } else if (stream.blocking) {
    wait_for(*all);
  }
  stream.queue.push_back(std::move(operation));
  ++stream.submitted;
  return stream.queue.size() > kMaxQueued ? drain(stream) : cudaSuccess;
}

// On the device thread.
void Runtime::advance(CUstream_st& stream, uint64_t position) {
  while (stream.done < position && !stream.queue.empty()) {
    Operation operation = std::move(stream.queue.front());
    if (operation.wait) {
      if (!operation.wait->reached) advance(*operation.wait->stream, operation.wait->position);
      if (stream.queue.empty()) return;  // the device was lost meanwhile
    }
    stream.queue.pop_front();
    Fault found;
    if (operation.run) found = operation.run();
    ++stream.done;
    if (operation.record) {
      operation.record->time = std::chrono::steady_clock::now();
      operation.record->reached = true;
    }
    if (found.error != cudaSuccess) lose(*stream.device, found.error, found.text);
  }
}

cudaError_t Runtime::drain(CUstream_st& stream, uint64_t position) {
  if (position > stream.submitted) position = stream.submitted;
  if (stream.done < position) run_on_device_thread([&] { advance(stream, position); });
  return stream.device->lost;
}

cudaError_t Runtime::drain_device(Device& device) {
  for (auto& entry : streams) {
    if (entry.second->device == &device) drain(*entry.second);
  }
  return device.lost;
}

cudaError_t Runtime::reach(const std::shared_ptr<Mark>& mark) {
  if (mark == nullptr || mark->reached) return cudaSuccess;
  return drain(*mark->stream, mark->position);
}

cudaError_t Runtime::forbid_in_capture() {
  cudaError_t error = cudaSuccess;
  for (auto& entry : streams) {
    Capture* capture = entry.second->capture.get();
    if (capture == nullptr || capture->mode == cudaStreamCaptureModeRelaxed) continue;
    if (capture->mode == cudaStreamCaptureModeThreadLocal && capture->thread != std::this_thread::get_id()) continue;
    capture->invalidated = true;
    error = refuse(cudaErrorStreamCaptureUnsupported, "this call is not allowed while a stream captures");
  }
  return error;
}

}  // namespace azj::emulation
