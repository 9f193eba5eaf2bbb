// The copies of the tensor memory accelerator the other way, cp.async.bulk.tensor from shared memory to boxes of a
// tensor in global memory, and their groups. PTX ISA, "Data Movement and Conversion Instructions: Tensor copy".
//
// A store is carried out when its thread waits for it. What its source was when it was issued is kept: if it is not the
// same then, somebody wrote too early.
#pragma once

#include <cstdint>
#include <vector>

#include "tensor_map.hpp"
#include "thread_state.hpp"

namespace azj::emulation {

class Scheduler;

class BulkStores {
 public:
  void begin_block() {
    if (!issuers_.empty()) issuers_.clear();
  }
  // The running thread's fence.proxy.async: bulk copies see what it wrote to shared memory before.
  void fence(Scheduler& scheduler) { issuer_of(scheduler).fenced = true; }
  void store(Scheduler& scheduler, const CUtensorMap* map, int rank, const int32_t* at, const void* source, Site site);
  void commit(Scheduler& scheduler) { ++issuer_of(scheduler).committed; }
  // The sources of all but the running thread's latest `pending` groups have been read.
  void wait_read(Scheduler& scheduler, uint32_t pending);
  void end_thread(Scheduler& scheduler);

 private:
  struct Store {
    TensorMap map;
    int64_t at[kMaxTensorRank];
    const char* source;
    std::vector<char> bytes;  // the source when it was issued
    uint32_t group;
    Site site;
  };
  struct Issuer {
    bool fenced = false;  // since the last wait
    uint32_t committed = 0;
    std::vector<Store> stores;
  };
  Issuer& issuer_of(Scheduler& scheduler);
  static void carry_out(Scheduler& scheduler, const Store& store);

  std::vector<Issuer> issuers_;
};

}  // namespace azj::emulation
