// Streams, events, and graphs.
#include "harness.hpp"

using namespace test;

namespace {

__global__ void append(int* list, int value) { list[++list[0]] = value; }
__global__ void scale(float* x, float by) { x[threadIdx.x] *= by; }
__global__ void traps() { __trap(); }

struct Streams {
  cudaStream_t a, b;
  cudaEvent_t event;
  Streams() {
    EXPECT_OK(cudaStreamCreateWithFlags(&a, cudaStreamNonBlocking));
    EXPECT_OK(cudaStreamCreateWithFlags(&b, cudaStreamNonBlocking));
    EXPECT_OK(cudaEventCreateWithFlags(&event, cudaEventDisableTiming));
  }
};

TEST(a_stream_keeps_the_order_of_the_calls) {
  Streams s;
  Array<int> list(std::vector<int>(101, 0));
  for (int i = 1; i <= 100; ++i) launch(append, 1, 1, 0, s.a, list.get(), i);
  EXPECT_ERROR(cudaStreamQuery(s.a), cudaErrorNotReady);
  EXPECT_OK(cudaStreamQuery(s.a));
  auto values = list.read();
  for (int i = 0; i <= 100; ++i) EXPECT(values[i] == (i == 0 ? 100 : i));
}

TEST(streams_wait_for_events_of_other_streams) {
  Streams s;
  Array<int> list(std::vector<int>(10, 0));
  launch(append, 1, 1, 0, s.a, list.get(), 1);
  EXPECT_OK(cudaEventRecord(s.event, s.a));
  launch(append, 1, 1, 0, s.a, list.get(), 9);
  EXPECT_OK(cudaStreamWaitEvent(s.b, s.event));
  launch(append, 1, 1, 0, s.b, list.get(), 2);
  EXPECT_OK(cudaStreamSynchronize(s.b));  // runs a only as far as it has to
  auto values = list.read();
  EXPECT(values[0] == 2 && values[1] == 1 && values[2] == 2);
  EXPECT_OK(cudaDeviceSynchronize());
  EXPECT(list.read()[3] == 9);
}

TEST(the_default_stream_waits_for_blocking_streams) {
  cudaStream_t blocking;
  EXPECT_OK(cudaStreamCreate(&blocking));
  Array<int> list(std::vector<int>(10, 0));
  launch(append, 1, 1, 0, blocking, list.get(), 1);
  launch(append, 1, 1, 0, nullptr, list.get(), 2);
  launch(append, 1, 1, 0, blocking, list.get(), 3);
  EXPECT_OK(cudaStreamSynchronize(blocking));
  auto values = list.read();
  EXPECT(values[0] == 3 && values[1] == 1 && values[2] == 2 && values[3] == 3);
}

TEST(events) {
  Streams s;
  cudaEvent_t start, end;
  float milliseconds = -1;
  EXPECT_OK(cudaEventCreate(&start));
  EXPECT_OK(cudaEventCreate(&end));
  EXPECT_OK(cudaEventQuery(start));  // never recorded: nothing to wait for
  EXPECT_ERROR(cudaEventElapsedTime(&milliseconds, start, end), cudaErrorInvalidResourceHandle);
  Array<float> x(std::vector<float>(32, 1.0f));
  EXPECT_OK(cudaEventRecord(start, s.a));
  for (int i = 0; i < 50; ++i) launch(scale, 1, 32, 0, s.a, x.get(), 1.0f);
  EXPECT_OK(cudaEventRecord(end, s.a));
  EXPECT_ERROR(cudaEventElapsedTime(&milliseconds, start, end), cudaErrorNotReady);
  EXPECT_ERROR(cudaEventQuery(end), cudaErrorNotReady);
  EXPECT_OK(cudaEventQuery(end));
  EXPECT_OK(cudaEventElapsedTime(&milliseconds, start, end));
  EXPECT(milliseconds > 0 && milliseconds < 60000);
  EXPECT_OK(cudaEventRecord(s.event, s.a));
  EXPECT_OK(cudaEventSynchronize(s.event));
  EXPECT_ERROR(cudaEventElapsedTime(&milliseconds, start, s.event), cudaErrorInvalidResourceHandle);
  EXPECT_OK(cudaEventDestroy(start));
  EXPECT_ERROR(cudaEventRecord(start, s.a), cudaErrorInvalidResourceHandle);
}

TEST(a_fault_appears_at_the_next_wait) {
  Streams s;
  launch(traps, 1, 1, 0, s.a);
  EXPECT_OK(cudaPeekAtLastError());
  EXPECT_ERROR(cudaStreamSynchronize(s.b), cudaSuccess);
  EXPECT_ERROR(cudaStreamSynchronize(s.a), cudaErrorLaunchFailure);
  EXPECT_ERROR(cudaStreamSynchronize(s.b), cudaErrorLaunchFailure);
}

TEST(destroyed_and_foreign_streams) {
  Streams s;
  Array<float> x(std::vector<float>(32, 1.0f));
  EXPECT_OK(cudaStreamDestroy(s.a));
  auto attempt = [&](cudaStream_t stream) {
    try {
      launch(scale, 1, 32, 0, stream, x.get(), 2.0f);
    } catch (const azj::cuda::Refused& refused) {
      return refused.error;
    }
    return cudaSuccess;
  };
  EXPECT_ERROR(attempt(s.a), cudaErrorInvalidResourceHandle);
  EXPECT_FAULT_SAYS("destroyed");
  EXPECT_ERROR(cudaStreamSynchronize(s.a), cudaErrorInvalidResourceHandle);
  EXPECT_ERROR(cudaStreamDestroy(s.a), cudaErrorInvalidResourceHandle);
  EXPECT_OK(cudaSetDevice(1));
  EXPECT_ERROR(attempt(s.b), cudaErrorInvalidResourceHandle);
  EXPECT_FAULT_SAYS("another device");
  cudaEvent_t event;
  EXPECT_OK(cudaEventCreate(&event));
  EXPECT_ERROR(cudaEventRecord(event, s.b), cudaErrorInvalidResourceHandle);
  EXPECT_OK(cudaSetDevice(0));
}

TEST(a_queue_does_not_grow_without_end) {
  Streams s;
  Array<float> x(std::vector<float>(32, 1.0f));
  for (int i = 0; i < 20000; ++i) launch(scale, 1, 1, 0, s.a, x.get(), 1.0f);
  EXPECT_OK(cudaStreamSynchronize(s.a));
}

// ---- graphs

TEST(a_captured_step_is_replayed) {
  Streams s;
  Array<float> x(std::vector<float>(32, 1.0f)), y(32);
  cudaGraph_t graph;
  cudaGraphExec_t executable;
  cudaStreamCaptureStatus status;
  EXPECT_OK(cudaStreamBeginCapture(s.a, cudaStreamCaptureModeThreadLocal));
  launch(scale, 1, 32, 0, s.a, x.get(), 2.0f);
  EXPECT_OK(cudaStreamIsCapturing(s.a, &status));
  EXPECT(status == cudaStreamCaptureStatusActive);
  EXPECT_OK(cudaMemcpyAsync(y.get(), x.get(), 128, cudaMemcpyDeviceToDevice, s.a));
  EXPECT_OK(cudaMemsetAsync(y.get(), 0, 4, s.a));
  EXPECT_OK(cudaStreamEndCapture(s.a, &graph));
  EXPECT(x.read()[0] == 1);  // nothing ran
  size_t count = 0;
  EXPECT_OK(cudaGraphGetNodes(graph, nullptr, &count));
  EXPECT(count == 3);
  cudaGraphNode_t nodes[3];
  EXPECT_OK(cudaGraphGetNodes(graph, nodes, &count));
  const cudaGraphNodeType types[] = {cudaGraphNodeTypeKernel, cudaGraphNodeTypeMemcpy, cudaGraphNodeTypeMemset};
  for (int i = 0; i < 3; ++i) {
    cudaGraphNodeType type;
    EXPECT_OK(cudaGraphNodeGetType(nodes[i], &type));
    EXPECT(type == types[i]);
  }
  EXPECT_OK(cudaGraphInstantiate(&executable, graph));
  EXPECT_OK(cudaGraphDestroy(graph));
  EXPECT_OK(cudaGraphUpload(executable, s.a));
  for (int i = 0; i < 10; ++i) EXPECT_OK(cudaGraphLaunch(executable, s.a));
  EXPECT_OK(cudaStreamSynchronize(s.a));
  EXPECT(x.read()[31] == 1024 && y.read()[31] == 1024 && y.read()[0] == 0);
  EXPECT_OK(cudaGraphExecDestroy(executable));
  EXPECT_ERROR(cudaGraphLaunch(executable, s.a), cudaErrorInvalidValue);
  EXPECT_ERROR(cudaGraphDestroy(graph), cudaErrorInvalidValue);
}

TEST(a_capture_may_fork_and_join) {
  Streams s;
  Array<int> list(std::vector<int>(10, 0));
  cudaGraph_t graph;
  cudaGraphExec_t executable;
  cudaEvent_t back;
  EXPECT_OK(cudaEventCreate(&back));
  EXPECT_OK(cudaStreamBeginCapture(s.a, cudaStreamCaptureModeGlobal));
  launch(append, 1, 1, 0, s.a, list.get(), 1);
  EXPECT_OK(cudaEventRecord(s.event, s.a));
  EXPECT_OK(cudaStreamWaitEvent(s.b, s.event));
  launch(append, 1, 1, 0, s.b, list.get(), 2);
  EXPECT_OK(cudaEventRecord(back, s.b));
  EXPECT_OK(cudaStreamWaitEvent(s.a, back));
  EXPECT_ERROR(cudaEventSynchronize(back), cudaErrorCapturedEvent);
  EXPECT_OK(cudaStreamEndCapture(s.a, &graph));
  EXPECT_OK(cudaGraphInstantiate(&executable, graph));
  EXPECT_OK(cudaGraphLaunch(executable, s.b));
  EXPECT_OK(cudaStreamSynchronize(s.b));
  auto values = list.read();
  EXPECT(values[0] == 2 && values[1] == 1 && values[2] == 2);

  EXPECT_OK(cudaStreamBeginCapture(s.a, cudaStreamCaptureModeGlobal));
  EXPECT_OK(cudaEventRecord(s.event, s.a));
  EXPECT_OK(cudaStreamWaitEvent(s.b, s.event));
  launch(append, 1, 1, 0, s.b, list.get(), 2);
  EXPECT_ERROR(cudaStreamEndCapture(s.a, &graph), cudaErrorStreamCaptureUnjoined);
}

TEST(calls_that_a_capture_does_not_allow) {
  Array<float> x(std::vector<float>(32, 1.0f));
  auto rejected = [&](cudaError_t wanted, auto call) {
    Streams s;
    cudaGraph_t graph = nullptr;
    EXPECT_OK(cudaStreamBeginCapture(s.a, cudaStreamCaptureModeGlobal));
    launch(scale, 1, 32, 0, s.a, x.get(), 2.0f);
    EXPECT_ERROR(call(s), wanted);
    EXPECT_ERROR(cudaStreamEndCapture(s.a, &graph), cudaErrorStreamCaptureInvalidated);
    EXPECT(graph == nullptr);
    EXPECT_OK(cudaStreamSynchronize(s.a));  // out of the capture
  };
  void* pointer = nullptr;
  const cudaError_t unsupported = cudaErrorStreamCaptureUnsupported;
  rejected(unsupported, [&](Streams& s) { return cudaStreamSynchronize(s.a); });
  rejected(unsupported, [&](Streams& s) { return cudaStreamQuery(s.a); });
  rejected(unsupported, [&](Streams&) { return cudaDeviceSynchronize(); });
  rejected(unsupported, [&](Streams&) { return cudaMalloc(&pointer, 16); });
  rejected(unsupported, [&](Streams& s) { return cudaMallocAsync(&pointer, 16, s.a); });
  rejected(cudaErrorStreamCaptureIsolation, [&](Streams& s) {
    EXPECT_OK(cudaEventRecord(s.event, s.b));
    return cudaStreamWaitEvent(s.a, s.event);
  });
  Streams s;
  cudaGraph_t graph = nullptr;
  EXPECT_ERROR(cudaStreamEndCapture(s.a, &graph), cudaErrorIllegalState);
  EXPECT_ERROR(cudaStreamBeginCapture(nullptr, cudaStreamCaptureModeGlobal), unsupported);
}

TEST(a_fault_in_a_graph_loses_the_device) {
  Streams s;
  cudaGraph_t graph;
  cudaGraphExec_t executable;
  EXPECT_OK(cudaStreamBeginCapture(s.a, cudaStreamCaptureModeGlobal));
  launch(traps, 1, 1, 0, s.a);
  EXPECT_OK(cudaStreamEndCapture(s.a, &graph));
  EXPECT_OK(cudaGraphInstantiate(&executable, graph));
  EXPECT_OK(cudaGraphLaunch(executable, s.a));
  EXPECT_ERROR(cudaStreamSynchronize(s.a), cudaErrorLaunchFailure);
  EXPECT_FAULT_SAYS("traps");
}

}  // namespace
