// Operations of a CUDA stream, recorded once and run as a whole.
#pragma once

#include <unordered_set>

#include "device.hpp"

namespace azj::cuda {

class CudaGraph final : public azj_graph {
 public:
  // Makes what was recorded on the stream executable; uses: the allocations it touches. Inside device.enter().
  CudaGraph(CudaStream& stream, cudaGraph_t recorded, std::unordered_set<const void*> uses);
  // Waits for the runs under way.
  ~CudaGraph() override;

  void launch() override;
  int64_t operations() override { return operations_; }

  // The allocation is being freed: if the graph uses it, it cannot be launched any more. Under device.mutex().
  void forget(const void* allocation);

 private:
  CudaStream& stream_;
  CudaDevice& device_;
  GraphExecHandle executable_;
  int64_t operations_ = 0;
  const std::unordered_set<const void*> uses_;
  std::atomic<const void*> freed_{nullptr};
};

}  // namespace azj::cuda
