// Streams and events.
#include <algorithm>

#include "runtime.hpp"

using namespace azj::emulation;

namespace {

// A call that would have to wait for a captured stream.
cudaError_t forbid_on_captured(Runtime& runtime, CUstream_st& stream) {
  if (stream.capture == nullptr) return cudaSuccess;
  stream.capture->invalidated = true;
  return runtime.refuse(cudaErrorStreamCaptureUnsupported,
                        "the stream captures: nothing runs that could be waited for");
}

cudaError_t create_stream(Runtime& runtime, cudaStream_t* handle, unsigned int flags) {
  Device* device = nullptr;
  if (cudaError_t error = runtime.current_device(device)) return error;
  if (handle == nullptr || (flags & ~static_cast<unsigned int>(cudaStreamNonBlocking)) != 0) {
    return cudaErrorInvalidValue;
  }
  auto stream = std::make_unique<CUstream_st>();
  stream->device = device;
  stream->blocking = (flags & cudaStreamNonBlocking) == 0;
  *handle = stream.get();
  runtime.streams.emplace(stream.get(), std::move(stream));
  return cudaSuccess;
}

cudaError_t create_event(Runtime& runtime, cudaEvent_t* handle, unsigned int flags) {
  Device* device = nullptr;
  if (cudaError_t error = runtime.current_device(device)) return error;
  constexpr unsigned int kKnown = cudaEventBlockingSync | cudaEventDisableTiming;
  if (handle == nullptr || (flags & ~kKnown) != 0) return cudaErrorInvalidValue;
  auto event = std::make_unique<CUevent_st>();
  event->device = device;
  event->timing = (flags & cudaEventDisableTiming) == 0;
  *handle = event.get();
  runtime.events.emplace(event.get(), std::move(event));
  return cudaSuccess;
}

}  // namespace

cudaError_t cudaStreamCreate(cudaStream_t* stream) {
  return api_call(__func__, [&](Runtime& runtime) { return create_stream(runtime, stream, cudaStreamDefault); });
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned int flags) {
  return api_call(__func__, [&](Runtime& runtime) { return create_stream(runtime, stream, flags); });
}

cudaError_t cudaStreamDestroy(cudaStream_t handle) {
  return api_call(__func__, [&](Runtime& runtime) -> cudaError_t {
    auto found = runtime.streams.find(handle);
    if (found == runtime.streams.end() || found->second->device->default_stream == handle) {
      return runtime.refuse(cudaErrorInvalidResourceHandle, "%p is not a stream that can be destroyed",
                            static_cast<void*>(handle));
    }
    CUstream_st& stream = *found->second;
    if (stream.capture != nullptr) stream.capture->invalidated = true;
    cudaError_t error = runtime.drain(stream);
    runtime.dead_streams.push_back(std::move(found->second));
    runtime.streams.erase(found);
    return error;
  });
}

cudaError_t cudaStreamSynchronize(cudaStream_t handle) {
  return api_call(__func__, [&](Runtime& runtime) -> cudaError_t {
    CUstream_st* stream = nullptr;
    if (cudaError_t error = runtime.find_stream(handle, stream)) return error;
    if (cudaError_t error = forbid_on_captured(runtime, *stream)) return error;
    return runtime.drain(*stream);
  });
}

// Work runs when it is waited for, and asking is a kind of waiting: the first answer is "not ready", the next "ready".
cudaError_t cudaStreamQuery(cudaStream_t handle) {
  return api_call(__func__, [&](Runtime& runtime) -> cudaError_t {
    CUstream_st* stream = nullptr;
    if (cudaError_t error = runtime.find_stream(handle, stream)) return error;
    if (cudaError_t error = forbid_on_captured(runtime, *stream)) return error;
    if (stream->done == stream->submitted) return cudaSuccess;
    cudaError_t error = runtime.drain(*stream);
    return error != cudaSuccess ? error : cudaErrorNotReady;
  });
}

cudaError_t cudaStreamWaitEvent(cudaStream_t handle, cudaEvent_t event_handle, unsigned int flags) {
  return api_call(__func__, [&](Runtime& runtime) -> cudaError_t {
    CUstream_st* stream = nullptr;
    CUevent_st* event = nullptr;
    if (cudaError_t error = runtime.find_stream(handle, stream)) return error;
    if (cudaError_t error = runtime.find_event(event_handle, event)) return error;
    if (flags != cudaEventWaitDefault) return cudaErrorInvalidValue;
    const std::shared_ptr<Mark>& mark = event->mark;
    if (mark == nullptr) return cudaSuccess;  // never recorded: nothing to wait for
    if (mark->capture != nullptr) {
      if (stream->capture == nullptr) {
        stream->capture = mark->capture;  // the stream joins the capture
      } else if (stream->capture != mark->capture) {
        stream->capture->invalidated = mark->capture->invalidated = true;
        return runtime.refuse(cudaErrorStreamCaptureMerge, "the event belongs to another capture");
      }
      uint64_t& joined = mark->capture->joined[mark->stream];
      joined = std::max(joined, mark->position);
      if (handle != mark->capture->origin) mark->capture->last[stream] = mark->capture->nodes.size();
      return cudaSuccess;
    }
    if (stream->capture != nullptr) {
      stream->capture->invalidated = true;
      return runtime.refuse(cudaErrorStreamCaptureIsolation, "the event was recorded outside of the capture");
    }
    if (mark->reached) return cudaSuccess;
    Operation wait;
    wait.wait = mark;
    return runtime.submit(*stream, std::move(wait));
  });
}

cudaError_t cudaEventCreate(cudaEvent_t* event) {
  return api_call(__func__, [&](Runtime& runtime) { return create_event(runtime, event, cudaEventDefault); });
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned int flags) {
  return api_call(__func__, [&](Runtime& runtime) { return create_event(runtime, event, flags); });
}

cudaError_t cudaEventDestroy(cudaEvent_t handle) {
  return api_call(__func__, [&](Runtime& runtime) -> cudaError_t {
    CUevent_st* event = nullptr;
    cudaError_t error = runtime.find_event(handle, event);
    if (event == nullptr) return error;
    auto found = runtime.events.find(handle);
    found->second->mark.reset();
    runtime.dead_events.push_back(std::move(found->second));
    runtime.events.erase(found);
    return error;
  });
}

cudaError_t cudaEventRecord(cudaEvent_t handle, cudaStream_t stream_handle) {
  return api_call(__func__, [&](Runtime& runtime) -> cudaError_t {
    CUevent_st* event = nullptr;
    CUstream_st* stream = nullptr;
    if (cudaError_t error = runtime.find_event(handle, event)) return error;
    if (cudaError_t error = runtime.find_stream(stream_handle, stream)) return error;
    if (event->device != stream->device) {
      return runtime.refuse(cudaErrorInvalidResourceHandle, "an event of device %d on a stream of device %d",
                            event->device->ordinal, stream->device->ordinal);
    }
    auto mark = std::make_shared<Mark>();
    mark->stream = stream;
    event->mark = mark;
    if (stream->capture != nullptr) {
      if (stream->capture->invalidated) return cudaErrorStreamCaptureInvalidated;
      mark->capture = stream->capture;
      mark->position = stream->capture->nodes.size();
      return cudaSuccess;
    }
    Operation record;
    record.record = mark;
    mark->position = UINT64_MAX;  // should the queue be full and run now, the mark is reached with it
    cudaError_t error = runtime.submit(*stream, std::move(record));
    mark->position = stream->submitted;
    return error;
  });
}

namespace {

cudaError_t find_mark(Runtime& runtime, cudaEvent_t handle, std::shared_ptr<Mark>& mark) {
  CUevent_st* event = nullptr;
  if (cudaError_t error = runtime.find_event(handle, event)) return error;
  mark = event->mark;
  if (mark != nullptr && mark->capture != nullptr) {
    return runtime.refuse(cudaErrorCapturedEvent, "the event was recorded in a stream that captured");
  }
  return cudaSuccess;
}

}  // namespace

cudaError_t cudaEventQuery(cudaEvent_t handle) {
  return api_call(__func__, [&](Runtime& runtime) -> cudaError_t {
    std::shared_ptr<Mark> mark;
    if (cudaError_t error = find_mark(runtime, handle, mark)) return error;
    if (mark == nullptr || mark->reached) return cudaSuccess;
    cudaError_t error = runtime.reach(mark);
    return error != cudaSuccess ? error : cudaErrorNotReady;
  });
}

cudaError_t cudaEventSynchronize(cudaEvent_t handle) {
  return api_call(__func__, [&](Runtime& runtime) -> cudaError_t {
    std::shared_ptr<Mark> mark;
    if (cudaError_t error = find_mark(runtime, handle, mark)) return error;
    return runtime.reach(mark);
  });
}

cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start_handle, cudaEvent_t end_handle) {
  return api_call(__func__, [&](Runtime& runtime) -> cudaError_t {
    std::shared_ptr<Mark> start, end;
    if (cudaError_t error = find_mark(runtime, start_handle, start)) return error;
    if (cudaError_t error = find_mark(runtime, end_handle, end)) return error;
    if (milliseconds == nullptr) return cudaErrorInvalidValue;
    bool timed = runtime.events[start_handle]->timing && runtime.events[end_handle]->timing;
    if (start == nullptr || end == nullptr || !timed) {
      return runtime.refuse(cudaErrorInvalidResourceHandle, "an event that was never recorded, or made without timing");
    }
    if (!start->reached || !end->reached) return cudaErrorNotReady;
    *milliseconds = std::chrono::duration<float, std::milli>(end->time - start->time).count();
    return cudaSuccess;
  });
}
