#include "staging.hpp"

#include <cstring>

namespace azj::cuda {

Staging::Staging() {
  for (Chunk& chunk : chunks_) {
    check(cudaHostAlloc(chunk.memory.address(), kChunkBytes, cudaHostAllocPortable), "cudaHostAlloc");
    check(cudaEventCreateWithFlags(chunk.sent.address(), cudaEventDisableTiming), "cudaEventCreateWithFlags");
  }
}

void Staging::upload(cudaStream_t stream, void* dst, const void* src, uint64_t bytes) {
  for (uint64_t done = 0; done < bytes;) {
    const uint64_t part = bytes - done < kChunkBytes ? bytes - done : kChunkBytes;
    Chunk& chunk = chunks_[next_];
    if (chunk.under_way) {
      check(cudaEventSynchronize(chunk.sent.get()), "cudaEventSynchronize");
      chunk.under_way = false;
    }
    std::memcpy(chunk.memory.get(), static_cast<const char*>(src) + done, part);
    check(cudaMemcpyAsync(static_cast<char*>(dst) + done, chunk.memory.get(), part, cudaMemcpyHostToDevice, stream),
          "cudaMemcpyAsync");
    const cudaError_t error = cudaEventRecord(chunk.sent.get(), stream);
    if (error != cudaSuccess) {
      // Without the event only the stream itself tells when the chunk may be filled again.
      ignore(cudaStreamSynchronize(stream));
      check(error, "cudaEventRecord");
    }
    chunk.under_way = true;
    next_ = (next_ + 1) % kChunks;
    done += part;
  }
}

}  // namespace azj::cuda
