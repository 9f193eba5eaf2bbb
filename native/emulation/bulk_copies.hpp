// The copies of the tensor memory accelerator (TMA), cp.async.bulk.tensor: boxes of a tensor in global memory, to
// shared memory. PTX ISA, "Data Movement and Conversion Instructions: Tensor copy".
#pragma once

#include <cstdint>
#include <vector>

#include "tensor_map.hpp"
#include "thread_state.hpp"

namespace azj::emulation {

class Scheduler;

class BulkCopies {
 public:
  void begin_block() {
    if (!queue_.empty()) queue_.clear();
  }
  // taps: {width, height} of what im2col adds to every pixel; nullptr for a copy in tiled mode.
  // target and barrier: of the block `owner`, the running one or another of its cluster, whose copies these are.
  void load(Scheduler& scheduler, Scheduler& owner, void* target, const CUtensorMap* map, int rank, const int32_t* at,
            const uint16_t* taps, void* barrier, Site site);
  bool under_way() const { return !queue_.empty(); }
  // Carries out the oldest of the copies under way (the latest, where threads start in the reverse order); false when
  // there is none.
  bool deliver(Scheduler& scheduler);
  void end_block(Scheduler& scheduler);

 private:
  struct Copy {
    char* target;
    TensorMap map;
    int64_t at[kMaxTensorRank];
    uint16_t taps[2];
    uint32_t bytes;
    void* barrier;
    int thread;    // that issued it
    bool foreign;  // in another block
    Site site;
  };
  static void copy_box(const Copy& copy);
  static void copy_pixels(const Copy& copy);
  static void copy_row(const Copy& copy, const char* source, int64_t first, uint32_t offset);

  std::vector<Copy> queue_;
};

}  // namespace azj::emulation
