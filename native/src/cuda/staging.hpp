// Uploads from ordinary host memory: copied into page-locked memory first, so that the caller's memory is free when the
// call returns, and the host need not wait for the device.
#pragma once

#include "handle.hpp"

namespace azj::cuda {

class Staging {
 public:
  Staging();

  void upload(cudaStream_t stream, void* dst, const void* src, uint64_t bytes);

 private:
  static constexpr uint64_t kChunkBytes = uint64_t{1} << 20;
  static constexpr int kChunks = 2;  // one is filled while the other travels

  struct Chunk {
    HostHandle memory;
    EventHandle sent;
    bool under_way = false;
  };

  Chunk chunks_[kChunks];
  int next_ = 0;
};

}  // namespace azj::cuda
