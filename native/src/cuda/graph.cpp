#include "graph.hpp"

#include "stream.hpp"

namespace azj::cuda {

CudaGraph::CudaGraph(CudaStream& stream, cudaGraph_t recorded, std::unordered_set<const void*> uses)
    : azj_graph(stream), stream_(stream), device_(stream.cuda_device()), uses_(std::move(uses)) {
  size_t nodes = 0;
  check(cudaGraphGetNodes(recorded, nullptr, &nodes), "cudaGraphGetNodes");
  if (nodes == 0) {
    fail(AZJ_INVALID_ARGUMENT, "nothing was recorded: no operation was called between azj_graph_begin() and "
         "azj_graph_end()");
  }
  operations_ = static_cast<int64_t>(nodes);
  check(cudaGraphInstantiate(executable_.address(), recorded, 0), "cudaGraphInstantiate");
  // Now, so that the first launch is as quick as the later ones.
  check(cudaGraphUpload(executable_.get(), stream.handle()), "cudaGraphUpload");
  device_.add(*this);
}

CudaGraph::~CudaGraph() {
  device_.remove(*this);
  if (device_.lost()) return;
  ignore(cudaSetDevice(device_.ordinal()));
  if (!stream_.recording()) ignore(cudaStreamSynchronize(stream_.handle()));
}

void CudaGraph::launch() {
  stream_.require_running("azj_graph_launch()");
  if (const void* freed = freed_.load()) {
    fail(AZJ_INVALID_ARGUMENT,
         "the graph uses memory %p, which has been freed; close the graph and record it anew", freed);
  }
  device_.enter([&] { check(cudaGraphLaunch(executable_.get(), stream_.handle()), "cudaGraphLaunch"); });
}

void CudaGraph::forget(const void* allocation) {
  if (uses_.count(allocation) != 0) freed_.store(allocation);
}

}  // namespace azj::cuda
