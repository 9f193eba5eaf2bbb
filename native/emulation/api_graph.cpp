// Graphs: the operations recorded by a capture, replayed in their order.
#include "runtime.hpp"

using namespace azj::emulation;

cudaError_t cudaStreamBeginCapture(cudaStream_t handle, cudaStreamCaptureMode mode) {
  return api_call(__func__, [&](Runtime& runtime) -> cudaError_t {
    CUstream_st* stream = nullptr;
    if (cudaError_t error = runtime.find_stream(handle, stream)) return error;
    if (mode < cudaStreamCaptureModeGlobal || mode > cudaStreamCaptureModeRelaxed) return cudaErrorInvalidValue;
    if (stream == stream->device->default_stream) {
      return runtime.refuse(cudaErrorStreamCaptureUnsupported, "the default stream cannot be captured");
    }
    if (stream->capture != nullptr) {
      return runtime.refuse(cudaErrorIllegalState, "the stream is captured already");
    }
    stream->capture = std::make_shared<Capture>();
    stream->capture->origin = stream;
    stream->capture->mode = mode;
    stream->capture->thread = std::this_thread::get_id();
    return cudaSuccess;
  });
}

cudaError_t cudaStreamEndCapture(cudaStream_t handle, cudaGraph_t* graph) {
  return api_call(__func__, [&](Runtime& runtime) -> cudaError_t {
    CUstream_st* stream = nullptr;
    if (cudaError_t error = runtime.find_stream(handle, stream)) return error;
    if (graph == nullptr) return cudaErrorInvalidValue;
    std::shared_ptr<Capture> capture = stream->capture;
    if (capture == nullptr) return runtime.refuse(cudaErrorIllegalState, "the stream is not captured");
    if (capture->origin != stream) {
      return runtime.refuse(cudaErrorStreamCaptureUnmatched, "the capture began in another stream");
    }
    if (capture->mode != cudaStreamCaptureModeRelaxed && capture->thread != std::this_thread::get_id()) {
      return runtime.refuse(cudaErrorStreamCaptureWrongThread, "the capture began in another thread");
    }
    *graph = nullptr;
    for (auto& entry : runtime.streams) {
      if (entry.second->capture == capture) entry.second->capture.reset();
    }
    if (capture->invalidated) {
      return runtime.refuse(cudaErrorStreamCaptureInvalidated, "a call during the capture was not allowed");
    }
    for (const auto& entry : capture->last) {
      if (entry.first != stream && capture->joined[entry.first] < entry.second) {
        return runtime.refuse(cudaErrorStreamCaptureUnjoined, "work of another stream was not joined before the end");
      }
    }
    auto made = std::make_unique<CUgraph_st>();
    for (Operation& operation : capture->nodes) {
      made->nodes.push_back(std::make_unique<CUgraphNode_st>());
      made->nodes.back()->operation = std::move(operation);
    }
    *graph = made.get();
    runtime.graphs.emplace(made.get(), std::move(made));
    return cudaSuccess;
  });
}

cudaError_t cudaStreamIsCapturing(cudaStream_t handle, cudaStreamCaptureStatus* status) {
  return api_call(__func__, [&](Runtime& runtime) -> cudaError_t {
    CUstream_st* stream = nullptr;
    if (cudaError_t error = runtime.find_stream(handle, stream)) return error;
    if (status == nullptr) return cudaErrorInvalidValue;
    *status = stream->capture == nullptr     ? cudaStreamCaptureStatusNone
              : stream->capture->invalidated ? cudaStreamCaptureStatusInvalidated
                                             : cudaStreamCaptureStatusActive;
    return cudaSuccess;
  });
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long) {
  return api_call(__func__, [&](Runtime& runtime) -> cudaError_t {
    Device* device = nullptr;
    if (cudaError_t error = runtime.current_device(device)) return error;
    auto found = runtime.graphs.find(graph);
    if (executable == nullptr || found == runtime.graphs.end()) return cudaErrorInvalidValue;
    auto operations = std::make_shared<std::vector<Operation>>();
    for (const auto& node : found->second->nodes) operations->push_back(node->operation);
    auto made = std::make_unique<CUgraphExec_st>();
    made->operations = std::move(operations);
    *executable = made.get();
    runtime.executables.emplace(made.get(), std::move(made));
    return cudaSuccess;
  });
}

cudaError_t cudaGraphUpload(cudaGraphExec_t executable, cudaStream_t handle) {
  return api_call(__func__, [&](Runtime& runtime) -> cudaError_t {
    CUstream_st* stream = nullptr;
    if (cudaError_t error = runtime.find_stream(handle, stream)) return error;
    return runtime.executables.count(executable) > 0 ? cudaSuccess : cudaErrorInvalidValue;
  });
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t handle) {
  return api_call(__func__, [&](Runtime& runtime) -> cudaError_t {
    CUstream_st* stream = nullptr;
    if (cudaError_t error = runtime.find_stream(handle, stream)) return error;
    auto found = runtime.executables.find(executable);
    if (found == runtime.executables.end()) return cudaErrorInvalidValue;
    if (stream->capture != nullptr) {
      stream->capture->invalidated = true;
      return runtime.refuse(cudaErrorStreamCaptureUnsupported, "graphs within graphs are not emulated");
    }
    Operation all;
    all.type = cudaGraphNodeTypeKernel;
    all.run = [operations = found->second->operations] {
      for (const Operation& operation : *operations) {
        Fault fault = operation.run();
        if (fault.error != cudaSuccess) return fault;
      }
      return Fault{};
    };
    return runtime.submit(*stream, std::move(all));
  });
}

cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t* nodes, size_t* count) {
  return api_call(__func__, [&](Runtime& runtime) -> cudaError_t {
    auto found = runtime.graphs.find(graph);
    if (count == nullptr || found == runtime.graphs.end()) return cudaErrorInvalidValue;
    const auto& all = found->second->nodes;
    if (nodes != nullptr) {
      for (size_t i = 0; i < *count; ++i) nodes[i] = i < all.size() ? all[i].get() : nullptr;
    }
    *count = nodes == nullptr || *count > all.size() ? all.size() : *count;
    return cudaSuccess;
  });
}

cudaError_t cudaGraphNodeGetType(cudaGraphNode_t node, cudaGraphNodeType* type) {
  return api_call(__func__, [&](Runtime&) -> cudaError_t {
    if (node == nullptr || type == nullptr) return cudaErrorInvalidValue;
    *type = node->operation.type;
    return cudaSuccess;
  });
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  return api_call(__func__, [&](Runtime& runtime) -> cudaError_t {
    return runtime.graphs.erase(graph) > 0 ? cudaSuccess : cudaErrorInvalidValue;
  });
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  return api_call(__func__, [&](Runtime& runtime) -> cudaError_t {
    return runtime.executables.erase(executable) > 0 ? cudaSuccess : cudaErrorInvalidValue;
  });
}
