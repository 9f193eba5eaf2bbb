// The state behind the CUDA runtime API: devices, streams, events, graphs, and the rules every call follows.
//
// Work given to a stream is only kept, and runs at the last moment: when somebody waits for it. That is the order of
// events that a program must be ready for, and the same one in every run. One lock covers everything; it is held while
// work runs.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "cuda_runtime_api.h"
#include "fault.hpp"

namespace azj::emulation {

struct Device {
  int ordinal = 0;
  int capability = 0;  // 10 * major + minor
  size_t total = 0;    // bytes
  size_t used = 0;
  size_t shared_limit = 0;  // the most a block can have
  cudaError_t lost = cudaSuccess;
  std::string lost_text;
  std::map<const void*, int> dynamic_limits;  // what cudaFuncSetAttribute allowed a kernel
  std::map<int, uint64_t> pool_attributes;
  CUstream_st* default_stream = nullptr;
};

// A place in a stream that an event stands for.
struct Mark {
  CUstream_st* stream = nullptr;
  uint64_t position = 0;  // reached when that many operations of the stream are done
  bool reached = false;
  std::chrono::steady_clock::time_point time;
  std::shared_ptr<struct Capture> capture;  // when recorded in one; position counts its nodes
};

struct Operation {
  cudaGraphNodeType type = cudaGraphNodeTypeKernel;
  std::function<Fault()> run;    // on the device thread; empty for the two below
  std::shared_ptr<Mark> record;  // becomes reached
  std::shared_ptr<Mark> wait;    // is reached before anything after it runs
};

// A capture under way: the operations in the order of the calls, which respects every dependency.
struct Capture {
  CUstream_st* origin = nullptr;
  cudaStreamCaptureMode mode = cudaStreamCaptureModeGlobal;
  std::thread::id thread;
  bool invalidated = false;
  std::vector<Operation> nodes;
  std::map<CUstream_st*, uint64_t> last;    // node count after a stream's last one
  std::map<CUstream_st*, uint64_t> joined;  // up to where another stream waited for it
};

}  // namespace azj::emulation

struct CUstream_st {
  azj::emulation::Device* device = nullptr;
  bool blocking = true;  // ordered with the default stream
  std::deque<azj::emulation::Operation> queue;
  uint64_t submitted = 0, done = 0;
  std::shared_ptr<azj::emulation::Capture> capture;
};

struct CUevent_st {
  azj::emulation::Device* device = nullptr;
  bool timing = true;
  std::shared_ptr<azj::emulation::Mark> mark;  // of the last record
};

struct CUgraphNode_st {
  azj::emulation::Operation operation;
};

struct CUgraph_st {
  std::vector<std::unique_ptr<CUgraphNode_st>> nodes;
};

struct CUgraphExec_st {
  std::shared_ptr<const std::vector<azj::emulation::Operation>> operations;
};

struct CUmemPoolHandle_st {
  azj::emulation::Device* device = nullptr;
};

namespace azj::emulation {

class Runtime {
 public:
  // Never destroyed: a program may call during its static destruction.
  static Runtime& instance();

  std::mutex mutex;
  std::vector<std::unique_ptr<Device>> devices;
  const char* no_device = "AZULEJO_EMULATION_DEVICES is 0";      // why, when there are none
  std::map<CUstream_st*, std::unique_ptr<CUstream_st>> streams;  // those of the default streams included
  std::map<CUevent_st*, std::unique_ptr<CUevent_st>> events;
  std::map<CUgraph_st*, std::unique_ptr<CUgraph_st>> graphs;
  std::map<CUgraphExec_st*, std::unique_ptr<CUgraphExec_st>> executables;
  std::vector<std::unique_ptr<CUmemPoolHandle_st>> pools;  // one a device
  // Handles that were destroyed stay allocated until reset(), so that they are never given out again.
  std::vector<std::unique_ptr<CUstream_st>> dead_streams;
  std::vector<std::unique_ptr<CUevent_st>> dead_events;

  std::string fault;  // the latest finding
  std::map<std::string, uint64_t> calls;
  struct Injection {
    std::string function;
    uint64_t call;  // that many calls of the function from now
    cudaError_t error;
  };
  std::vector<Injection> injections;

  void reset();

  // cudaErrorNoDevice, or the error the calling thread's device was lost by.
  cudaError_t current_device(Device*& device);
  // The stream behind a handle; nullptr means the current device's default stream. Fails for a destroyed one or a lost
  // device.
  cudaError_t find_stream(cudaStream_t handle, CUstream_st*& stream);
  cudaError_t find_event(cudaEvent_t handle, CUevent_st*& event);

  // Adds work to a stream, or to the graph it is captured into.
  cudaError_t submit(CUstream_st& stream, Operation operation);
  // Runs what has been given to the stream (up to a position).
  cudaError_t drain(CUstream_st& stream, uint64_t position = UINT64_MAX);
  cudaError_t drain_device(Device& device);
  cudaError_t reach(const std::shared_ptr<Mark>& mark);

  // For calls that CUDA does not allow while the calling thread captures: invalidates those captures.
  cudaError_t forbid_in_capture();

  cudaError_t refuse_without_device();
  // Says what is wrong with a call and returns the error.
  __attribute__((format(printf, 3, 4))) cudaError_t refuse(cudaError_t error, const char* pattern, ...);
  void lose(Device& device, cudaError_t error, const std::string& text);

 private:
  Runtime();
  void advance(CUstream_st& stream, uint64_t position);
};

int& current_ordinal();     // of the calling thread
cudaError_t& last_error();  // of the calling thread
bool loses_device(cudaError_t error);

// What every function of the API does around its body: the lock, the count, injected failures, the last error.
cudaError_t api_call(const char* function, const std::function<cudaError_t(Runtime&)>& body);

}  // namespace azj::emulation
