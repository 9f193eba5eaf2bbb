#include "backend.hpp"

azj_device::~azj_device() = default;
azj_event::~azj_event() = default;
azj_graph::~azj_graph() = default;
azj_stream::~azj_stream() = default;

// Defined here, not in the header: files compiled for one instruction set must not hold functions that all share.
void azj_stream::finish() { synchronize(); }

void* azj_stream::native() {
  azj::fail(AZJ_UNSUPPORTED, "this device has no CUstream; a CUDA device has");
}

void azj_stream::graph_begin() {
  azj::fail(AZJ_UNSUPPORTED,
            "this device has no graphs: they record work for a CUDA device, and on the CPU an operation is a plain "
            "function call; call the operations themselves");
}

std::unique_ptr<azj_graph> azj_stream::graph_end() {
  graph_begin();
  return nullptr;
}
