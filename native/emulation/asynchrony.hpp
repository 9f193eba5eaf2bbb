// What goes on beside a block's threads on a GPU of compute capability 9.0: mbarriers, bulk copies and the products of
// warpgroups. As everywhere in the emulation, it happens as late as a GPU may let it happen.
#pragma once

#include "bulk_copies.hpp"
#include "bulk_stores.hpp"
#include "mbarriers.hpp"
#include "warpgroups.hpp"

namespace azj::emulation {

struct Asynchrony {
  Mbarriers mbarriers;
  BulkCopies copies;
  BulkStores stores;
  Warpgroups warpgroups;

  void begin_block();
  // The running thread returns; the last one of the block has returned.
  void end_thread(Scheduler& scheduler);
  void end_block(Scheduler& scheduler);
  // Why a thread that nobody will wake waits.
  [[noreturn]] void explain(Scheduler& scheduler, const ThreadState& waiting) const;
};

// The instructions of ptx_hopper.cuh are there for this kernel's device, or the kernel ends.
void require_hopper(const char* instruction, Site site);

}  // namespace azj::emulation
